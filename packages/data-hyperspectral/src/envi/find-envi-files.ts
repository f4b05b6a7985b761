import { stat } from "node:fs/promises";
import { FormatError } from "@graticule/core";

/** The two files of an ENVI cube. */
export interface EnviFiles {
  readonly header: string;
  readonly data: string;
  /** Size of the data file. Units: bytes. */
  readonly dataBytes: number;
}

const DATA_ENDINGS = ["", ".dat", ".img", ".raw", ".bsq", ".bil", ".bip", ".bin", ".cub", ".cube", ".sli"];
const HEADER = /\.hdr$/i;

/**
 * Finds an ENVI cube's header and data from either path. The header of `x.dat` is `x.dat.hdr` or `x.hdr`; the data of
 * `x.hdr` is `x`, or `x` with a usual ending.
 *
 * @throws {FormatError} naming the paths tried, if one of the two is missing.
 */
export async function findEnviFiles(path: string): Promise<EnviFiles> {
  const isHeader = HEADER.test(path);
  const stem = isHeader ? path.replace(HEADER, "") : path.replace(/\.[^./\\]*$/, "");
  const candidates = isHeader
    ? DATA_ENDINGS.flatMap((ending) => [stem + ending, stem + ending.toUpperCase()])
    : [path, stem].flatMap((name) => [`${name}.hdr`, `${name}.HDR`]);
  const other = await firstFile([...new Set(candidates)]);
  if (other === undefined)
    throw new FormatError(
      path,
      isHeader ? "its data file beside the header" : "its header beside the data file",
      `none of ${[...new Set(candidates)].join(", ")}`,
      "Put both files in one folder.",
    );
  const [header, data] = isHeader ? [path, other] : [other, path];
  const dataBytes = await fileSize(data);
  if (dataBytes === undefined) throw new FormatError(data, "a readable file", "no file", "Check the path.");
  return { header, data, dataBytes };
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if ((await fileSize(path)) !== undefined) return path;
  return undefined;
}

/** A file's size; undefined if the path is no file. */
export async function fileSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}
