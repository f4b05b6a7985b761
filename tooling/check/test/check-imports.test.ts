import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { root } from "../../setup/project.mjs";
import { checkImports } from "../check-imports.mjs";
import * as rules from "../import-rules.mjs";

let workspace: string | undefined;

afterEach(() => {
  if (workspace) rmSync(workspace, { recursive: true });
  workspace = undefined;
});

function check(files: Readonly<Record<string, string>>): string[] {
  workspace = mkdtempSync(join(tmpdir(), "graticule-imports-"));
  const manifest = {
    dependencies: { "@graticule/core": "workspace:*", zod: "^4.0.0" },
    peerDependencies: { yaml: "2" },
    exports: { ".": "./dist/index.js", "./errors": "./dist/errors.js" },
  };
  const manifests = ["packages/core", "packages/nn", "packages/data", "apps/pretrain"].map(
    (folder) => [`${folder}/package.json`, JSON.stringify(manifest)] as const,
  );
  for (const [path, content] of [...manifests, ...Object.entries(files)]) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  }
  return checkImports(workspace, {
    allowedImports: { core: [], nn: ["core"], data: ["core", "nn"] },
    nodePackages: ["data"],
    sourceOnlyImports: { "packages/data/src/from-source.mjs": ["tsx"] },
  });
}

test("imports that keep the rules pass, also those that are only named in comments and text", () => {
  const violations = check({
    "packages/nn/src/index.ts": `/** \`import { train } from "@graticule/train";\` */
      import { ShapeError } from "@graticule/core";
      import { ConfigError } from "@graticule/core/errors";
      import { z } from "zod";
      import "yaml";
      export * from "./linear.js";
      const text = 'import "node:fs"';`,
    "packages/data/src/reader.ts": `import { readFile } from "node:fs/promises";`,
    "packages/data/src/from-source.mjs": `import "tsx/esm";`,
    "packages/core/test/core.test.ts": `import "@graticule/nn"; import "node:fs";`,
    "apps/pretrain/src/main.ts": `import "node:fs"; import type { Z } from "zod";`,
  });
  expect(violations).toEqual([]);
});

test("each kind of violation names the file, the rule and the import", () => {
  const violations = check({
    "packages/core/src/upwards.ts": `import { linear } from "@graticule/nn";`,
    "packages/nn/src/type-only.ts": `import type { Dataset } from "@graticule/data";`,
    "packages/nn/src/re-export.ts": `export { readFile } from "node:fs/promises";`,
    "packages/nn/src/dynamic.ts": `const fs = await import("fs");`,
    "packages/nn/src/deep.ts": `import { ShapeError } from "@graticule/core/src/errors.js";`,
    "packages/nn/src/itself.ts": `import { Module } from "@graticule/nn";`,
    "packages/data/src/undeclared.ts": `import sharp from "sharp"; import "@graticule/nn";`,
    "packages/extra/package.json": "{}",
  });
  expect(violations).toMatchInlineSnapshot(`
    [
      "packages/core/src/upwards.ts: expected core to import no package of the workspace, got '@graticule/nn'. See docs/architecture.md, "Who may import whom".",
      "packages/data/src/undeclared.ts: expected a declared dependency, got 'sharp'. Add it to the package's dependencies.",
      "packages/data/src/undeclared.ts: expected a declared dependency, got '@graticule/nn'. Add it to the package's dependencies.",
      "packages/extra: expected a row in import-rules.mjs, got none. Say which packages it may import.",
      "packages/nn/src/deep.ts: expected an import of '@graticule/core', got '@graticule/core/src/errors.js'. Use what its "exports" name.",
      "packages/nn/src/dynamic.ts: expected code that runs in a browser, got 'fs'. Let the caller pass in what it needs of Node.",
      "packages/nn/src/itself.ts: expected a relative import inside the package, got '@graticule/nn'. Import the file itself.",
      "packages/nn/src/re-export.ts: expected code that runs in a browser, got 'node:fs/promises'. Let the caller pass in what it needs of Node.",
      "packages/nn/src/type-only.ts: expected nn to import only core, got '@graticule/data'. See docs/architecture.md, "Who may import whom".",
    ]
  `);
});

test("the workspace keeps its own rules", () => {
  expect(checkImports(root, rules)).toEqual([]);
});
