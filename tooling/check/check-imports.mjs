import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, relative } from "node:path";
import ts from "typescript";

/**
 * Checks every import in the sources of a workspace against its rules.
 *
 * @param {string} root folder that holds `packages/` and `apps/`
 * @param {{
 *   allowedImports: Record<string, readonly string[]>,
 *   nodePackages: readonly string[],
 *   sourceOnlyImports?: Record<string, readonly string[]>,
 * }} rules
 * @returns {string[]} one line for each violation, `file: expected …, got …. What to do.`
 */
export function checkImports(root, { allowedImports, nodePackages, sourceOnlyImports = {} }) {
  const packages = workspacePackages(root);
  const entries = new Set(packages.flatMap(entriesOf));
  return packages.flatMap(({ group, name, folder, manifest }) => {
    const isApp = group === "apps";
    if (!isApp && !Object.hasOwn(allowedImports, name))
      return [`${group}/${name}: expected a row in import-rules.mjs, got none. Say which packages it may import.`];
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    return sourceFiles(join(folder, "src")).flatMap((file) => {
      const path = relative(root, file).replaceAll("\\", "/");
      return importsOf(file).flatMap((specifier) => {
        if (sourceOnlyImports[path]?.includes(specifier.split("/")[0])) return [];
        const violation = judge(specifier, {
          name,
          declared,
          entries,
          mayImport: isApp ? undefined : allowedImports[name],
          mayUseNode: isApp || nodePackages.includes(name),
        });
        return violation ? [`${path}: ${violation}`] : [];
      });
    });
  });
}

/** What is wrong with one import; undefined if nothing is. */
function judge(specifier, { name, declared, entries, mayImport, mayUseNode }) {
  if (specifier.startsWith(".") || specifier.startsWith("#")) return undefined;
  const isBuiltin = specifier.startsWith("node:") || builtinModules.includes(specifier);
  if (isBuiltin) {
    if (mayUseNode) return undefined;
    return `expected code that runs in a browser, got '${specifier}'. Let the caller pass in what it needs of Node.`;
  }
  const parts = specifier.split("/");
  const packageName = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const isOurs = packageName.startsWith("@graticule/");
  if (packageName === `@graticule/${name}`)
    return `expected a relative import inside the package, got '${specifier}'. Import the file itself.`;
  if (isOurs && parts.length > 2 && !entries.has(specifier))
    return `expected an import of '${packageName}', got '${specifier}'. Use what its "exports" name.`;
  if (isOurs && mayImport && !mayImport.includes(parts[1])) {
    const allowed = mayImport.length > 0 ? `only ${mayImport.join(", ")}` : "no package of the workspace";
    return `expected ${name} to import ${allowed}, got '${specifier}'. See docs/architecture.md, "Who may import whom".`;
  }
  if (!declared.has(packageName))
    return `expected a declared dependency, got '${packageName}'. Add it to the package's dependencies.`;
  return undefined;
}

/** What others may import of a package: its name, and the paths below it that its manifest exports. */
function entriesOf({ name, manifest }) {
  return Object.keys(manifest.exports ?? {}).map((path) => `@graticule/${name}${path.slice(1)}`);
}

/** The module names that a source file imports, re-exports or loads by `import()` and `require()`. */
function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
  return [...new Set(importedFiles.map(({ fileName }) => fileName))];
}

function workspacePackages(root) {
  return ["packages", "apps"].flatMap((group) =>
    (existsSync(join(root, group)) ? readdirSync(join(root, group)) : [])
      .map((name) => ({ group, name, folder: join(root, group, name) }))
      .filter(({ folder }) => existsSync(join(folder, "package.json")))
      .map((each) => ({ ...each, manifest: JSON.parse(readFileSync(join(each.folder, "package.json"), "utf8")) })),
  );
}

function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
