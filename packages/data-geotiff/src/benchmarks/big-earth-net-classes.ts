/**
 * BigEarthNet's two nomenclatures: the 43 CORINE classes that the labels name, and what each becomes among the 19 of
 * BigEarthNet-19; null for the eleven that have no counterpart there.
 *
 * Source: label_indices.json of BigEarthNet-S2_19-classes_models (TU Berlin), as bigearthnet_common
 * (`constants.py`) and torchgeo (`datasets/bigearthnet.py`) hold it; both orders are torchgeo's.
 */
const CLASSES: readonly (readonly [corine: string, of19: string | null])[] = [
  ["Continuous urban fabric", "Urban fabric"],
  ["Discontinuous urban fabric", "Urban fabric"],
  ["Industrial or commercial units", "Industrial or commercial units"],
  ["Road and rail networks and associated land", null],
  ["Port areas", null],
  ["Airports", null],
  ["Mineral extraction sites", null],
  ["Dump sites", null],
  ["Construction sites", null],
  ["Green urban areas", null],
  ["Sport and leisure facilities", null],
  ["Non-irrigated arable land", "Arable land"],
  ["Permanently irrigated land", "Arable land"],
  ["Rice fields", "Arable land"],
  ["Vineyards", "Permanent crops"],
  ["Fruit trees and berry plantations", "Permanent crops"],
  ["Olive groves", "Permanent crops"],
  ["Pastures", "Pastures"],
  ["Annual crops associated with permanent crops", "Permanent crops"],
  ["Complex cultivation patterns", "Complex cultivation patterns"],
  [
    "Land principally occupied by agriculture, with significant areas of natural vegetation",
    "Land principally occupied by agriculture, with significant areas of natural vegetation",
  ],
  ["Agro-forestry areas", "Agro-forestry areas"],
  ["Broad-leaved forest", "Broad-leaved forest"],
  ["Coniferous forest", "Coniferous forest"],
  ["Mixed forest", "Mixed forest"],
  ["Natural grassland", "Natural grassland and sparsely vegetated areas"],
  ["Moors and heathland", "Moors, heathland and sclerophyllous vegetation"],
  ["Sclerophyllous vegetation", "Moors, heathland and sclerophyllous vegetation"],
  ["Transitional woodland/shrub", "Transitional woodland, shrub"],
  ["Beaches, dunes, sands", "Beaches, dunes, sands"],
  ["Bare rock", null],
  ["Sparsely vegetated areas", "Natural grassland and sparsely vegetated areas"],
  ["Burnt areas", null],
  ["Inland marshes", "Inland wetlands"],
  ["Peatbogs", "Inland wetlands"],
  ["Salt marshes", "Coastal wetlands"],
  ["Salines", "Coastal wetlands"],
  ["Intertidal flats", null],
  ["Water courses", "Inland waters"],
  ["Water bodies", "Inland waters"],
  ["Coastal lagoons", "Marine waters"],
  ["Estuaries", "Marine waters"],
  ["Sea and ocean", "Marine waters"],
];

/** The 43 CORINE classes in torchgeo's order. */
export const BIG_EARTH_NET_43: readonly string[] = CLASSES.map(([corine]) => corine);

/** The 19 classes; their order is that of their first CORINE class. */
export const BIG_EARTH_NET_19: readonly string[] = [...new Set(CLASSES.flatMap(([, of19]) => of19 ?? []))];

/** Index among the 19 of each of the 43; −1 for those without a counterpart. */
export const CORINE_TO_19: readonly number[] = CLASSES.map(([, of19]) =>
  of19 === null ? -1 : BIG_EARTH_NET_19.indexOf(of19),
);
