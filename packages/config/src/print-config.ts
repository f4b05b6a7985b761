import { Document, isScalar, isSeq, visit } from "yaml";
import { copyPlainData } from "./plain-data.js";

/**
 * Writes a config as YAML that loads back to the same config; lists of scalars stay on one line.
 * The round trip needs a schema without transforms.
 *
 * @throws {ConfigError} if the config holds anything but plain data.
 */
export function printConfig(config: unknown): string {
  const document = new Document(copyPlainData(config, "printConfig"), { aliasDuplicateObjects: false });
  visit(document, {
    Seq(_, list) {
      list.flow = isSeq(list) && list.items.every((item) => isScalar(item));
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
