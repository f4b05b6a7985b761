/** Weather data for training. */
export type {
  AttributeValue,
  GriddedArray,
  GriddedDataset,
  GriddedVariable,
  Selection,
  Slice,
} from "./gridded-dataset.js";
