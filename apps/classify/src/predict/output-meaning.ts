/** What a model's scores stand for. */
export type OutputMeaning =
  | {
      readonly kind: "classes";
      /** Probabilities of classes of which one is right, which add up to 1, or of any number of them. */
      readonly activation: "softmax" | "sigmoid";
      readonly classNames: readonly string[];
      /** The number of each class in maps; its place if absent. */
      readonly classValues?: readonly number[];
    }
  | { readonly kind: "values"; readonly names: readonly string[]; readonly unit?: string };

/** What each score is called. */
export const scoreNames = (meaning: OutputMeaning): readonly string[] =>
  meaning.kind === "classes" ? meaning.classNames : meaning.names;
