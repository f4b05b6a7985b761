import type { Checksum, Split } from "@graticule/data";

/** A file that a benchmark's authors or a mirror of theirs publish. */
export interface BenchmarkFile {
  readonly name: string;
  readonly url: string;
  readonly checksum: Checksum;
}

/** What is known of a scene classification benchmark: enough to fetch it, to check it, and to label it. */
export interface SceneBenchmark {
  readonly title: string;
  /** In the order of the labels. */
  readonly classNames: readonly string[];
  /** Images in each class, or one number for all; absent where no source that we read says it. */
  readonly imagesPerClass?: number | readonly number[];
  readonly images?: number;
  /** Units: pixels. Images may be smaller by `sizeSlack`. */
  readonly imageSize?: readonly [height: number, width: number];
  readonly sizeSlack?: number;
  readonly bandNames: readonly string[];
  /** Where the images lie below the root, the archive's own place first. */
  readonly folders: readonly string[];
  readonly archive?: BenchmarkFile;
  /** Lists of file names; a file in another format than the list names is the same image. */
  readonly splitLists?: Readonly<Record<Split, BenchmarkFile>>;
  /** The part of the images to train on where a seeded split is drawn. */
  readonly trainFraction?: number;
  /** What to do where nothing can be downloaded. */
  readonly byHand?: string;
}

const md5 = (hex: string): Checksum => ({ algorithm: "md5", hex });
const rgb = ["red", "green", "blue"] as const;

/** Lists by Neumann et al. 2019, arXiv:1911.06721, from the first author's bucket, or `base`. */
function splitLists(
  prefix: string,
  checksums: Readonly<Record<Split, string>>,
  base = "https://storage.googleapis.com/remote_sensing_representations",
): Readonly<Record<Split, BenchmarkFile>> {
  const file = (split: Split): BenchmarkFile => {
    const name = `${prefix}-${split}.txt`;
    return { name, url: `${base}/${name}`, checksum: md5(checksums[split]) };
  };
  return { train: file("train"), val: file("val"), test: file("test") };
}

const EUROSAT_CLASSES =
  "AnnualCrop Forest HerbaceousVegetation Highway Industrial Pasture PermanentCrop Residential River SeaLake".split(
    " ",
  );
const EUROSAT_COUNTS = [3000, 3000, 3000, 2500, 2500, 2000, 2500, 3000, 2500, 3000];
const EUROSAT_MIRROR = "https://hf.co/datasets/torchgeo/eurosat/resolve";
const EUROSAT_SPLITS = splitLists(
  "eurosat",
  {
    train: "908f142e73d6acdf3f482c5e80d851b1",
    val: "95de90f2aa998f70a3b2416bfe0687b4",
    test: "7ae5ab94471417b6e315763121e67c5f",
  },
  `${EUROSAT_MIRROR}/1ce6f1bfb56db63fd91b6ecc466ea67f2509774c`,
);

const RESISC45_BASE = "https://hf.co/datasets/torchgeo/resisc45/resolve/a826b44d938a883185f11ebe3d512d38b464312f";

/**
 * The benchmarks by name.
 *
 * Source: torchgeo (`datasets/eurosat.py`, `ucmerced.py`, `resisc45.py`, `millionaid.py`) for classes, counts,
 * addresses, MD5 and band order; torchvision (`datasets/eurosat.py`) for EuroSAT's RGB archive; aitlas
 * (`datasets/aid.py`) for AID's classes; torchrs (`datasets/aid.py`) for its number of images; the settings UCM-55,
 * AID-28 and NWPU-19 of ViTAE-Transformer/Remote-Sensing-RVSA for `trainFraction`.
 *
 * Not found in a source that we read, and so left out: checksums and direct addresses of AID, which its authors
 * publish on cloud drives, an address of MillionAID's archives, and counts per class of AID and MillionAID.
 */
export const SCENE_BENCHMARKS = {
  /** Sentinel-2 Level-1C, 13 bands, in the files' order: B8A comes last. */
  "eurosat-ms": {
    title: "EuroSAT, 13 bands",
    classNames: EUROSAT_CLASSES,
    imagesPerClass: EUROSAT_COUNTS,
    images: 27_000,
    imageSize: [64, 64],
    bandNames: "B01 B02 B03 B04 B05 B06 B07 B08 B09 B10 B11 B12 B8A".split(" "),
    folders: ["ds/images/remote_sensing/otherDatasets/sentinel_2/tif", "EuroSAT_MS", "."],
    archive: {
      name: "EuroSATallBands.zip",
      url: `${EUROSAT_MIRROR}/1ce6f1bfb56db63fd91b6ecc466ea67f2509774c/EuroSATallBands.zip`,
      checksum: md5("5ac12b3b2557aa56e1826e981e8e200e"),
    },
    splitLists: EUROSAT_SPLITS,
  },
  "eurosat-rgb": {
    title: "EuroSAT, RGB",
    classNames: EUROSAT_CLASSES,
    imagesPerClass: EUROSAT_COUNTS,
    images: 27_000,
    imageSize: [64, 64],
    bandNames: rgb,
    folders: ["2750", "EuroSAT_RGB", "."],
    archive: {
      name: "EuroSAT.zip",
      url: `${EUROSAT_MIRROR}/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip`,
      checksum: md5("c8fa014336c82ac7804f0398fcb19387"),
    },
    splitLists: EUROSAT_SPLITS,
  },
  /** Some images are a few pixels smaller than 256 × 256: resize or crop. */
  "uc-merced": {
    title: "UC Merced Land Use",
    classNames:
      "agricultural airplane baseballdiamond beach buildings chaparral denseresidential forest freeway golfcourse harbor intersection mediumresidential mobilehomepark overpass parkinglot river runway sparseresidential storagetanks tenniscourt".split(
        " ",
      ),
    imagesPerClass: 100,
    images: 2100,
    imageSize: [256, 256],
    sizeSlack: 16,
    bandNames: rgb,
    folders: ["UCMerced_LandUse/Images", "Images", "."],
    archive: {
      name: "UCMerced_LandUse.zip",
      url: "https://huggingface.co/datasets/torchgeo/ucmerced/resolve/main/UCMerced_LandUse.zip",
      checksum: md5("5b7ec56793786b6dc8a908e8854ac0e4"),
    },
    splitLists: splitLists("uc_merced", {
      train: "f2fb12eb2210cfb53f93f063a35ff374",
      val: "11ecabfc52782e5ea6a9c7c0d263aca0",
      test: "046aff88472d8fc07c4678d03749e28d",
    }),
    trainFraction: 0.5,
  },
  aid: {
    title: "AID",
    classNames:
      "Airport BareLand BaseballField Beach Bridge Center Church Commercial DenseResidential Desert Farmland Forest Industrial Meadow MediumResidential Mountain Park Parking Playground Pond Port RailwayStation Resort River School SparseResidential Square Stadium StorageTanks Viaduct".split(
        " ",
      ),
    images: 10_000,
    bandNames: rgb,
    folders: ["AID", "AID_dataset/AID", "."],
    trainFraction: 0.2,
    byHand:
      "AID's authors publish it on cloud drives alone: follow the links on https://captain-whu.github.io/AID/, or take the copy at https://huggingface.co/datasets/blanchon/AID, and put its 30 class folders into 'AID'",
  },
  "nwpu-resisc45": {
    title: "NWPU-RESISC45",
    classNames:
      "airplane airport baseball_diamond basketball_court beach bridge chaparral church circular_farmland cloud commercial_area dense_residential desert forest freeway golf_course ground_track_field harbor industrial_area intersection island lake meadow medium_residential mobile_home_park mountain overpass palace parking_lot railway railway_station rectangular_farmland river roundabout runway sea_ice ship snowberg sparse_residential stadium storage_tank tennis_court terrace thermal_power_station wetland".split(
        " ",
      ),
    imagesPerClass: 700,
    images: 31_500,
    imageSize: [256, 256],
    bandNames: rgb,
    folders: ["NWPU-RESISC45", "."],
    archive: {
      name: "NWPU-RESISC45.zip",
      url: `${RESISC45_BASE}/NWPU-RESISC45.zip`,
      checksum: md5("75206b2e16446591afa88e2628744886"),
    },
    splitLists: splitLists(
      "resisc45",
      {
        train: "b5a4c05a37de15e4ca886696a85c403e",
        val: "a0770cee4c5ca20b8c32bbd61e114805",
        test: "3dda9e4988b47eb1de9f07993653eb08",
      },
      RESISC45_BASE,
    ),
    trainFraction: 0.1,
  },
  /** The labeled images, those of `train.zip`. The unlabeled ones of `test.zip` open with `openImageFolder`. */
  "million-aid": {
    title: "MillionAID, labeled images",
    classNames:
      "apartment apron bare_land baseball_field basketball_court beach bridge cemetery church commercial_area dam desert detached_house dry_field forest golf_course greenhouse ground_track_field helipad ice_land intersection island lake meadow mine mobile_home_park oil_field orchard paddy_field parking_lot pier quarry railway river road rock_land roundabout runway solar_power_plant sparse_shrub_land stadium storage_tank substation swimming_pool tennis_court terraced_field train_station viaduct wastewater_plant wind_turbine works".split(
        " ",
      ),
    bandNames: rgb,
    folders: ["train", "."],
    byHand:
      "Get train.zip (MD5 1b40503cafa9b0601653ca36cd788852) through https://captain-whu.github.io/DiRS/ and extract it as 'train'",
  },
} as const satisfies Readonly<Record<string, SceneBenchmark>>;

export type SceneBenchmarkName = keyof typeof SCENE_BENCHMARKS;
