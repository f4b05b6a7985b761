import { ConfigError, expectation } from "@graticule/core";
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** The form of a conversation where a tokenizer's files have none (ChatML), which MiniCPM's have. */
const CHAT_ML =
  "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const CHAT_ML_END = "<|im_end|>";

/** A special token, as text or with its settings. */
const special = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);

const template = z.union([
  z.string(),
  z
    .array(z.object({ name: z.string(), template: z.string() }))
    .transform((all) => all.find(({ name }) => name === "default")?.template),
]);

/** What of tokenizer_config.json is used here. */
const settings = z.looseObject({
  bos_token: special.nullish(),
  eos_token: special.nullish(),
  pad_token: special.nullish(),
  unk_token: special.nullish(),
  chat_template: template.nullish(),
});

/**
 * Text to token numbers and back, by Hugging Face's tokenizer files: the contents of `tokenizer.json` and of
 * `tokenizer_config.json`, parsed. Conversations take the form that `chat_template` there says.
 */
export class ChatTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #settings: z.output<typeof settings>;
  readonly #chat: Template;

  /** @throws {ConfigError} if the files are not such ones. */
  constructor(tokenizerJson: unknown, configJson: unknown) {
    const parsed = settings.safeParse(configJson);
    if (!parsed.success)
      throw new ConfigError(
        expectation("ChatTokenizer", "a tokenizer_config.json", parsed.error.issues[0]?.message ?? "another file"),
      );
    this.#settings = parsed.data;
    try {
      this.#tokenizer = new Tokenizer(tokenizerJson as object, configJson as object);
      this.#chat = new Template(parsed.data.chat_template ?? CHAT_ML);
    } catch (cause) {
      throw new ConfigError(
        expectation("ChatTokenizer", "a tokenizer.json of Hugging Face", (cause as Error).message, "Copy it again."),
        { cause },
      );
    }
  }

  /** Numbers of the tokens that a row may be filled with; those that mean nothing are hidden by `seen` all the same. */
  get padToken(): number {
    const { pad_token, unk_token, eos_token } = this.#settings;
    return this.tokenOf(pad_token ?? unk_token ?? eos_token ?? "<unk>");
  }

  /** Tokens that end an answer. */
  get stopTokens(): number[] {
    const ends = [this.#settings.eos_token ?? "</s>", CHAT_ML_END];
    const tokens = ends.flatMap((end) => this.#tokenizer.token_to_id(end) ?? []);
    if (tokens.length > 0) return [...new Set(tokens)];
    throw new ConfigError(expectation("ChatTokenizer", `a token that ends answers, ${ends.join(" or ")}`, "neither"));
  }

  /** @throws {ConfigError} if the vocabulary has no such token. */
  tokenOf(text: string): number {
    const token = this.#tokenizer.token_to_id(text);
    if (token !== undefined) return token;
    throw new ConfigError(
      expectation("ChatTokenizer", `a token ${text}`, "none", "Add it to the tokenizer, or use the model's own."),
    );
  }

  /** Token numbers of a text, with those that the tokenizer puts around each, such as the one that begins it. */
  encode(text: string): number[] {
    return this.#tokenizer.encode(text).ids;
  }

  /** The text of tokens, without special ones. */
  decode(tokens: readonly number[]): string {
    return tokens.length === 0 ? "" : this.#tokenizer.decode([...tokens], { skip_special_tokens: true });
  }

  /** Decodes tokens as they come; a character whose bytes are not all there waits for the rest. */
  async *decodeEach(tokens: AsyncIterable<number>): AsyncGenerator<string, void, undefined> {
    const all: number[] = [];
    let given = "";
    for await (const token of tokens) {
      all.push(token);
      const text = this.decode(all);
      if (text.endsWith("\uFFFD") || !text.startsWith(given)) continue;
      if (text.length > given.length) yield text.slice(given.length);
      given = text;
    }
    const rest = this.decode(all).slice(given.length);
    if (rest !== "") yield rest;
  }

  /** A conversation as one text; with `opensAnswer` up to where the answer begins. */
  render(messages: readonly ChatMessage[], { opensAnswer }: { readonly opensAnswer: boolean }): string {
    const { bos_token, eos_token } = this.#settings;
    return this.#chat.render({
      messages,
      add_generation_prompt: opensAnswer,
      bos_token: bos_token ?? "",
      eos_token: eos_token ?? "",
    });
  }
}
