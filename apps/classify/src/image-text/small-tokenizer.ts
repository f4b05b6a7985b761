import { answerOf } from "./image-questions.js";

/** Tokens that mean something to the model, or mark where images stand, before the words. */
const MARKS = [
  ...["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"],
  ...["<image>", "</image>", "<slice>", "</slice>", "<image_id>", "</image_id>"],
] as const;

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789"];

/**
 * A tokenizer in Hugging Face's files for a model that is trained from nothing: a token for each word of the questions and
 * answers, and letters for others. It knows no capitals.
 */
export function smallTokenizer(
  questions: readonly string[],
  classNames: readonly string[],
): { readonly tokenizer: object; readonly config: object; readonly vocabSize: number } {
  const words = [...questions, ...classNames.map(answerOf), "user assistant"].flatMap(
    (text) => text.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [],
  );
  const all = [
    ...new Set([...MARKS, ...words, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), ".", ",", "?", "!"]),
  ];
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: MARKS.map((content, id) => {
      return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    }),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "<unk>",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(all.map((word, id) => [word, id])),
    },
  };
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...{ unk_token: "<unk>", bos_token: "<s>", eos_token: "</s>", pad_token: "<unk>" },
    clean_up_tokenization_spaces: false,
  };
  return { tokenizer, config, vocabSize: all.length };
}
