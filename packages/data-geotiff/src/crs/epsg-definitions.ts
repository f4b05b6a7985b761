const WGS84 = "+datum=WGS84";
const GRS80 = "+ellps=GRS80 +towgs84=0,0,0";
const BESSEL_SWISS = "+ellps=bessel +towgs84=674.374,15.056,405.346";

/** Coordinate systems beside the UTM zones, as PROJ strings without units. Source: EPSG registry, through PROJ 9. */
const SINGLE: Readonly<Record<number, string>> = {
  2056: `+proj=somerc +lat_0=46.9524055555556 +lon_0=7.43958333333333 +k_0=1 +x_0=2600000 +y_0=1200000 ${BESSEL_SWISS}`,
  2154: `+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000 ${GRS80}`,
  2180: `+proj=tmerc +lat_0=0 +lon_0=19 +k=0.9993 +x_0=500000 +y_0=-5300000 ${GRS80}`,
  3006: `+proj=utm +zone=33 ${GRS80}`,
  3031: `+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +x_0=0 +y_0=0 ${WGS84}`,
  3035: `+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 ${GRS80}`,
  3067: `+proj=utm +zone=35 ${GRS80}`,
  3413: `+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +x_0=0 +y_0=0 ${WGS84}`,
  3577: `+proj=aea +lat_0=0 +lon_0=132 +lat_1=-18 +lat_2=-36 +x_0=0 +y_0=0 ${GRS80}`,
  3763: `+proj=tmerc +lat_0=39.6682583333333 +lon_0=-8.13310833333333 +k=1 +x_0=0 +y_0=0 ${GRS80}`,
  3857: "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +nadgrids=@null",
  3978: `+proj=lcc +lat_0=49 +lon_0=-95 +lat_1=49 +lat_2=77 +x_0=0 +y_0=0 ${GRS80}`,
  3979: `+proj=lcc +lat_0=49 +lon_0=-95 +lat_1=49 +lat_2=77 +x_0=0 +y_0=0 ${GRS80}`,
  3995: `+proj=stere +lat_0=90 +lat_ts=71 +lon_0=0 +x_0=0 +y_0=0 ${WGS84}`,
  5041: `+proj=stere +lat_0=90 +lon_0=0 +k=0.994 +x_0=2000000 +y_0=2000000 ${WGS84}`,
  5042: `+proj=stere +lat_0=-90 +lon_0=0 +k=0.994 +x_0=2000000 +y_0=2000000 ${WGS84}`,
  5070: `+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 ${GRS80}`,
  6931: `+proj=laea +lat_0=90 +lon_0=0 +x_0=0 +y_0=0 ${WGS84}`,
  6932: `+proj=laea +lat_0=-90 +lon_0=0 +x_0=0 +y_0=0 ${WGS84}`,
  6933: `+proj=cea +lat_ts=30 +lon_0=0 +x_0=0 +y_0=0 ${WGS84}`,
  27700:
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy +towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489",
  28992:
    "+proj=sterea +lat_0=52.1561605555556 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000 +ellps=bessel +towgs84=565.4171,50.3319,465.5524,-0.398957,0.343988,-1.8774,4.0725",
  32661: `+proj=stere +lat_0=90 +lon_0=0 +k=0.994 +x_0=2000000 +y_0=2000000 ${WGS84}`,
  32761: `+proj=stere +lat_0=-90 +lon_0=0 +k=0.994 +x_0=2000000 +y_0=2000000 ${WGS84}`,
};

/** Longitude and latitude on the datums whose coordinates differ from WGS 84's by a meter or two at most. */
const GEOGRAPHIC: Readonly<Record<number, string>> = {
  4258: GRS80, // ETRS89
  4269: GRS80, // NAD83
  4283: GRS80, // GDA94
  4326: WGS84,
  4674: GRS80, // SIRGAS 2000
  7844: GRS80, // GDA2020
};

/** Series of UTM zones: codes from first to last, the zone of the first, and whether they lie in the south. */
const UTM_SERIES: readonly [first: number, last: number, zone: number, south: boolean, datum: string][] = [
  [32601, 32660, 1, false, WGS84],
  [32701, 32760, 1, true, WGS84],
  [25828, 25838, 28, false, GRS80], // ETRS89
  [26901, 26923, 1, false, GRS80], // NAD83
  [31965, 31976, 11, false, GRS80], // SIRGAS 2000
  [31977, 31985, 17, true, GRS80],
  [28348, 28358, 48, true, GRS80], // GDA94 / MGA
  [7846, 7859, 46, true, GRS80], // GDA2020 / MGA
];

/** The PROJ string of an EPSG code that Graticule knows; undefined for others. */
export function epsgDefinition(code: number): string | undefined {
  const datum = GEOGRAPHIC[code];
  if (datum !== undefined) return `+proj=longlat ${datum} +no_defs`;
  const single = SINGLE[code];
  if (single !== undefined) return `${single} +units=m +no_defs`;
  for (const [first, last, zone, south, ellipsoid] of UTM_SERIES)
    if (code >= first && code <= last)
      return `+proj=utm +zone=${zone + code - first}${south ? " +south" : ""} ${ellipsoid} +units=m +no_defs`;
  return undefined;
}
