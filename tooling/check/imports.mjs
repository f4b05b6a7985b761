// `npm run check:imports`: does every package import only what lies below it?
import { root } from "../setup/project.mjs";
import { checkImports } from "./check-imports.mjs";
import { allowedImports, nodePackages, sourceOnlyImports } from "./import-rules.mjs";

const violations = checkImports(root, { allowedImports, nodePackages, sourceOnlyImports });
for (const violation of violations) process.stderr.write(`${violation}\n`);
process.exitCode = violations.length > 0 ? 1 : 0;
