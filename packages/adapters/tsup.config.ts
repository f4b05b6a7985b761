import { library } from "../../tooling/build/tsup-preset.js";

export default library();
