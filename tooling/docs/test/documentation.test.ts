import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && !path.startsWith(".changeset/") && !path.endsWith("CHANGELOG.md"));
// Inside the project, so that packages resolve.
const examples = join(root, ".graticule/documentation");

afterAll(() => rmSync(examples, { recursive: true, force: true }));

/** The fenced blocks of a language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, name, code]) =>
    name === language ? [code as string] : [],
  );
}

/** Commands of the shell blocks, without their comments. */
function commands(page: string): string[] {
  return [...blocks(page, "sh"), ...blocks(page, "bash")]
    .flatMap((code) => code.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Configuration files that a page shows: YAML blocks that begin with a comment of their name. */
function configFiles(page: string): [name: string, code: string][] {
  return blocks(page, "yaml").flatMap((code): [string, string][] => {
    const name = /^# (\S+\.yaml)\n/.exec(code)?.[1];
    return name === undefined ? [] : [[name, code]];
  });
}

describe.each(pages)("%s", (page) => {
  test("links to files that exist", () => {
    const text = readFileSync(join(root, page), "utf8");
    const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
    const local = targets.filter((target) => !/^\w+:/.test(target));
    expect(local.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  test("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const named = [...readFileSync(join(root, page), "utf8").matchAll(/npm run ([\w:-]+)/g)].map(
      ([, name]) => name as string,
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** Examples may leave out where their data come from: names that are not declared, and parameters typed by them. */
const FREE_NAMES = [2304, 2552, 18004, 7006, 7031];

test("TypeScript examples use the packages as they are", { timeout: 120_000 }, () => {
  mkdirSync(examples, { recursive: true });
  const files = pages.flatMap((page) =>
    blocks(page, "ts").map((code, index) => {
      const path = join(examples, `${page.replaceAll("/", "--")}-${index}.ts`);
      writeFileSync(path, `${code}\nexport {};\n`);
      return path;
    }),
  );
  expect(files.length).toBeGreaterThan(8);
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const diagnostics = ts.getPreEmitDiagnostics(
    ts.createProgram(files, {
      ...options,
      paths: { zod: [join(root, "packages/config/node_modules/zod/index.d.ts")] },
    }),
  );
  const inExamples = diagnostics.filter(
    ({ file, code }) => file?.fileName.startsWith(examples) && !FREE_NAMES.includes(code),
  );
  expect(
    inExamples.map(
      ({ file, messageText }) =>
        `${file?.fileName.slice(examples.length)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  ).toEqual([]);
});

/** The words of a command, as a shell takes quotes. */
const shellWords = (command: string): string[] =>
  (command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replace(/["']/g, ""));

describe("settings in commands are known", () => {
  const runs = new Set(
    pages.flatMap(commands).filter((line) => /graticule-(pretrain run|forecast prepare)/.test(line)),
  );

  beforeAll(() => {
    mkdirSync(examples, { recursive: true });
    for (const [name, code] of pages.flatMap(configFiles)) writeFileSync(join(examples, name), code);
  });

  test("there are some", () => {
    expect(runs.size).toBeGreaterThan(2);
  });

  test.each([...runs])("%s", { timeout: 120_000 }, (line) => {
    const [, app = "", command = ""] = /graticule-(\w+) ((?:run|prepare).*)/.exec(line) ?? [];
    const args = shellWords(
      command.replace(/--config (\S+)/g, (_, file) =>
        existsSync(join(examples, file)) ? `--config ${join(examples, file)}` : "",
      ),
    );
    const node = [
      "--conditions=@graticule/source",
      "--import",
      "tsx",
      `apps/${app}/src/main.ts`,
      ...args,
      "--print-config",
    ];
    const { status, stderr } = spawnSync(process.execPath, node, { cwd: root, encoding: "utf8" });
    expect(`${status} ${stderr}`).toBe("0 ");
  });
});

test.skipIf(!isAddonBuilt())(
  "the README's example runs (skipped: the torch addon is not built)",
  { timeout: 120_000 },
  () => {
    const path = join(examples, "run-readme.ts");
    mkdirSync(examples, { recursive: true });
    writeFileSync(
      path,
      `${blocks("README.md", "ts")[0]}\nconsole.log(JSON.stringify([value.dataSync()[0] > 0, gradients.every(Boolean)]));\n`,
    );
    const node = ["--conditions=@graticule/source", "--import", "tsx", path];
    expect(execFileSync(process.execPath, node, { cwd: root, encoding: "utf8" }).trim()).toBe("[true,true]");
  },
);
