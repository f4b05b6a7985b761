import { library } from "../../tooling/build/tsup-preset.js";

export default library(["src/index.ts", "src/checkpoint-thread.ts"]);
