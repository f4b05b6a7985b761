/** Where a variable lives: on pressure levels, at the surface or another single level, or fixed in time. */
export type LevelType = "pressure" | "surface" | "static";

/** What is known of a variable, whichever file holds it. */
export interface Era5Variable {
  /** ERA5's name in NetCDF: `z`, `t2m`. */
  readonly name: string;
  readonly longName: string;
  /** As CF writes them: `m2 s-2`. */
  readonly units: string;
  /** CF standard name, where there is one. */
  readonly standardName?: string;
  readonly levelType: LevelType;
  /** Name in WeatherBench, ClimaX and the download forms of ERA5. */
  readonly weatherBenchName: string;
  /** Further names: GRIB short names, spellings of other tools. */
  readonly aliases: readonly string[];
}

type Row = readonly [
  name: string,
  longName: string,
  units: string,
  standardName: string | undefined,
  weatherBenchName: string,
  aliases?: readonly string[],
];

const PRESSURE = [
  ["z", "Geopotential", "m2 s-2", "geopotential", "geopotential"],
  ["q", "Specific humidity", "kg kg-1", "specific_humidity", "specific_humidity"],
  ["t", "Temperature", "K", "air_temperature", "temperature"],
  ["u", "U component of wind", "m s-1", "eastward_wind", "u_component_of_wind"],
  ["v", "V component of wind", "m s-1", "northward_wind", "v_component_of_wind"],
  ["w", "Vertical velocity", "Pa s-1", "lagrangian_tendency_of_air_pressure", "vertical_velocity"],
  ["r", "Relative humidity", "%", "relative_humidity", "relative_humidity"],
  ["vo", "Vorticity (relative)", "s-1", "atmosphere_relative_vorticity", "vorticity"],
  ["ws", "Wind speed", "m s-1", "wind_speed", "wind_speed"],
  ["gh", "Geopotential height", "m", "geopotential_height", "geopotential_height"],
  ["d", "Divergence", "s-1", "divergence_of_wind", "divergence"],
  ["pv", "Potential vorticity", "K m2 kg-1 s-1", "ertel_potential_vorticity", "potential_vorticity"],
  ["cc", "Fraction of cloud cover", "1", "cloud_area_fraction_in_atmosphere_layer", "fraction_of_cloud_cover"],
  ["ciwc", "Specific cloud ice water content", "kg kg-1", undefined, "specific_cloud_ice_water_content"],
  ["clwc", "Specific cloud liquid water content", "kg kg-1", undefined, "specific_cloud_liquid_water_content"],
] as const satisfies readonly Row[];

const SURFACE = [
  ["t2m", "2 metre temperature", "K", undefined, "2m_temperature", ["2t"]],
  ["d2m", "2 metre dewpoint temperature", "K", undefined, "2m_dewpoint_temperature", ["2d"]],
  ["u10", "10 metre U wind component", "m s-1", undefined, "10m_u_component_of_wind", ["10u", "u10m"]],
  ["v10", "10 metre V wind component", "m s-1", undefined, "10m_v_component_of_wind", ["10v", "v10m"]],
  ["si10", "10 metre wind speed", "m s-1", undefined, "10m_wind_speed", ["10si"]],
  ["msl", "Mean sea level pressure", "Pa", "air_pressure_at_mean_sea_level", "mean_sea_level_pressure", ["mslp"]],
  ["sp", "Surface pressure", "Pa", "surface_air_pressure", "surface_pressure"],
  ["tcc", "Total cloud cover", "1", "cloud_area_fraction", "total_cloud_cover"],
  ["tp", "Total precipitation", "m", undefined, "total_precipitation"],
  ["tisr", "TOA incident solar radiation", "J m-2", undefined, "toa_incident_solar_radiation"],
  ["ssrd", "Surface solar radiation downwards", "J m-2", undefined, "surface_solar_radiation_downwards"],
  ["strd", "Surface thermal radiation downwards", "J m-2", undefined, "surface_thermal_radiation_downwards"],
  ["sst", "Sea surface temperature", "K", "sea_surface_temperature", "sea_surface_temperature"],
] as const satisfies readonly Row[];

const STATIC = [
  ["lsm", "Land-sea mask", "1", "land_binary_mask", "land_sea_mask"],
  ["orography", "Orography", "m", "surface_altitude", "orography", ["orog"]],
  ["zs", "Geopotential at the surface", "m2 s-2", undefined, "geopotential_at_surface"],
  ["slt", "Soil type", "1", undefined, "soil_type"],
  ["lat2d", "Latitude", "degrees_north", undefined, "latitude_2d", ["lattitude"]],
  ["lon2d", "Longitude", "degrees_east", undefined, "longitude_2d"],
] as const satisfies readonly Row[];

/** Names of the catalogue's variables. */
export type Era5VariableName = (typeof PRESSURE | typeof SURFACE | typeof STATIC)[number][0];

function describe(rows: readonly Row[], levelType: LevelType): Era5Variable[] {
  return rows.map(([name, longName, units, standardName, weatherBenchName, aliases = []]) => ({
    name,
    longName,
    units,
    ...(standardName && { standardName }),
    levelType,
    weatherBenchName,
    aliases,
  }));
}

/**
 * Variables of ERA5 that forecast models use, by name.
 *
 * ClimaX's own spelling `lattitude` is an alias of `lat2d`.
 * Source: ECMWF parameter database; names of WeatherBench, arXiv:2002.00469, table 1, and of ClimaX, data_utils.py.
 */
export const ERA5_VARIABLES = Object.freeze(
  Object.fromEntries(
    [...describe(PRESSURE, "pressure"), ...describe(SURFACE, "surface"), ...describe(STATIC, "static")].map(
      (variable) => [variable.name, Object.freeze(variable)],
    ),
  ),
) as Readonly<Record<Era5VariableName, Era5Variable>>;

/** Finds a variable of the catalogue by its name, WeatherBench's name or an alias. */
export function findEra5Variable(name: string): Era5Variable | undefined {
  return Object.values(ERA5_VARIABLES).find(
    (variable) => variable.name === name || variable.weatherBenchName === name || variable.aliases.includes(name),
  );
}
