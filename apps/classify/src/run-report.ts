import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeReport, type ReportFigure, type ReportOptions, type ReportSection } from "@graticule/plot";

/** What one command has to say about a run. */
export interface ReportPart {
  readonly facts?: NonNullable<ReportOptions["facts"]>;
  readonly sections: readonly ReportSection[];
}

/** Order in which the commands' parts stand in the report. */
const ORDER = [
  "compare",
  "pretrain",
  "reconstruct",
  "finetune",
  "probe",
  "knn",
  "forecast",
  "scores",
  "maps",
  "settings",
] as const;

export type ReportPartName = (typeof ORDER)[number];

/**
 * Puts a command's part into the report of a run and writes `RUN/report.html` anew from all parts so far.
 * Parts are kept in `RUN/report/*.json`, so that each command can be run again on its own.
 *
 * @returns the report's path.
 */
export async function updateReport(runFolder: string, name: ReportPartName, part: ReportPart): Promise<string> {
  const folder = join(runFolder, "report");
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, `${name}.json`), JSON.stringify(part, encodeBytes));
  const present = new Set(await readdir(folder));
  const parts: ReportPart[] = [];
  for (const key of ORDER)
    if (present.has(`${key}.json`))
      parts.push(JSON.parse(await readFile(join(folder, `${key}.json`), "utf8"), decodeBytes) as ReportPart);
  const html = makeReport({
    title: "Graticule run",
    subtitle: runFolder,
    facts: parts.flatMap(({ facts = [] }) => facts),
    sections: parts.flatMap(({ sections }) => sections),
  });
  const path = join(runFolder, "report.html");
  await writeWhole(path, html);
  return path;
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.partial`, text);
  await rename(`${path}.partial`, path);
}

/** PNG bytes travel through JSON as base64. */
function encodeBytes(key: string, value: unknown): unknown {
  if (key !== "figures") return value;
  return (value as ReportFigure[]).map((figure) =>
    "png" in figure ? { ...figure, png: Buffer.from(figure.png).toString("base64") } : figure,
  );
}

function decodeBytes(key: string, value: unknown): unknown {
  return key === "png" && typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : value;
}
