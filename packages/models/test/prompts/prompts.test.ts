import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ChatTokenizer, encodeQuestions, imageMarks } from "../../src/index.js";

interface Reference {
  readonly tokenizer: object;
  readonly config: Record<string, unknown>;
  readonly messages: readonly [{ role: "user"; content: string }, { role: "assistant"; content: string }];
  readonly cases: readonly { readonly text: string; readonly ids: number[]; readonly decoded: string }[];
  readonly chat: { readonly asked: string; readonly told: string };
}

const open = (name: string): Reference & { readonly own: ChatTokenizer } => {
  const path = new URL(`../fixtures/tokenizer-${name}.json`, import.meta.url);
  const reference = JSON.parse(readFileSync(path, "utf8")) as Reference;
  return { ...reference, own: new ChatTokenizer(reference.tokenizer, reference.config) };
};

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

for (const name of ["bytes", "pieces"])
  describe(`with a tokenizer of ${name}`, () => {
    test("texts become Python's numbers and come back as its texts", () => {
      const { own, cases } = open(name);
      for (const { text, ids, decoded } of cases) {
        expect(own.encode(text)).toEqual(ids);
        expect(own.decode(ids)).toBe(decoded);
      }
    });

    test("conversations have transformers' form", () => {
      const { own, messages, chat } = open(name);
      expect(own.render(messages.slice(0, 1), { opensAnswer: true })).toBe(chat.asked);
      expect(own.render(messages, { opensAnswer: false })).toBe(chat.told);
    });

    test("text that is written token by token has no half characters and is whole in the end", async () => {
      const { own, cases } = open(name);
      const { ids, decoded } = cases[2]!;
      const parts = [];
      for await (const part of own.decodeEach(each(ids))) parts.push(part);
      expect(parts.join("")).toBe(decoded);
      expect(parts.length).toBeGreaterThan(5);
      for (const part of parts) expect(part).not.toContain("\uFFFD");
    });

    test("questions are filled up on the left, with room for images and the tokens of answers", () => {
      const { own } = open(name);
      const questions = [
        { question: "Which class is this scene?", answer: "storage tanks" },
        { question: "What?", answer: "a dense forest", grid: [2, 1] as const },
      ];
      const { rows, seen, places, answers } = encodeQuestions(own, questions, 3);
      expect(places.map(({ row }) => row)).toEqual([0, 1, 1, 1]);
      const unknown = own.tokenOf("<unk>");
      for (const { row, start } of places) {
        expect([...rows[row]!.subarray(start, start + 3)]).toEqual([unknown, unknown, unknown]);
        expect([own.tokenOf("</image>"), own.tokenOf("</slice>")]).toContain(rows[row]![start + 3]);
      }
      for (const [row, { answer }] of questions.entries()) {
        const own_ = answers.filter((each) => each.row === row);
        expect(own.decode(own_.map(({ token }) => token)).trim()).toBe(answer);
        expect(own_.at(-1)?.token).toBe(own.tokenOf("<|im_end|>"));
        expect(own_.map(({ position, token }) => rows[row]![position] === token)).not.toContain(false);
        expect(own_.at(-1)?.position).toBe(rows[row]!.length - 1);
        // Without its padding the row is the conversation as Python's tokenizer has it, up to the end of the answer.
        const text = own.decode([...rows[row]!].filter((_, at) => seen[row]![at]));
        expect(text).toContain(questions[row]!.question);
      }
      expect([...seen[0]!].indexOf(1)).toBe([...rows[0]!].findIndex((token) => token !== unknown));
    });

    test("a question without its answer is the beginning of the one with it", () => {
      const { own } = open(name);
      const [asked] = encodeQuestions(own, [{ question: "What?" }], 2).rows;
      const { rows, answers } = encodeQuestions(own, [{ question: "What?", answer: "boats" }], 2);
      expect([...rows[0]!.subarray(0, answers[0]!.position)]).toEqual([...asked!]);
    });
  });

test("marks name the image and its slices row by row", () => {
  expect(imageMarks({ grid: [2, 3], numQueries: 1, index: 4 })).toBe(
    `<image_id>4</image_id><image><unk></image>${"<slice><unk></slice>".repeat(3)}\n${"<slice><unk></slice>".repeat(3)}`,
  );
});

test("files that are no tokenizer's, and vocabularies without the marks, are refused", () => {
  expect(() => new ChatTokenizer({}, {})).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: ChatTokenizer: expected a tokenizer.json of Hugging Face, got Tokenizer must contain a "model" property. Copy it again.]`,
  );
  expect(() => new ChatTokenizer({}, { chat_template: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: ChatTokenizer: expected a tokenizer_config.json, got Invalid input.]`,
  );
  const { own, tokenizer, config } = open("bytes");
  expect(() => own.tokenOf("<video>")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: ChatTokenizer: expected a token <video>, got none. Add it to the tokenizer, or use the model's own.]`,
  );
  const open_ = { ...config, chat_template: "{% for message in messages %}{{ message.content }}{% endfor %}" };
  expect(() =>
    encodeQuestions(new ChatTokenizer(tokenizer, open_), [{ question: "a", answer: "b" }], 1),
  ).toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: encodeQuestions: expected a token that ends the answer, got none in "e_id>0</image_id><image><unk></image>\\nab". Use a chat template that closes each turn by eos_token or <|im_end|>.]`,
  );
});
