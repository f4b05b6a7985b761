import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { encodePng, makeReport, plotCurves } from "../src/index.js";

const svg = plotCurves({ series: [{ name: "a", x: [0, 1], y: [1, 2] }], title: "t", xLabel: "x", yLabel: "y" });
const png = encodePng(Uint8Array.of(1, 2, 3), 1, 1);
const options = {
  title: "Run <12> & more",
  subtitle: "seed 0",
  facts: [{ label: "top-1", value: "87.3 %" }],
  sections: [
    {
      heading: "Loss",
      text: "First.\n\nSecond <b>bold</b>.",
      figures: [{ svg, alt: 'the "loss"', caption: "Falls." }],
    },
    {
      heading: "Probe",
      table: {
        caption: "Scores",
        columns: ["encoder", "top-1", "share", "note"],
        rows: [
          ["pretrained", 0.9, "90.0 %", "3 bands"],
          ["random", 0.5, "50.0 %", "4"],
        ],
      },
      figures: [{ png, alt: "a pixel" }],
    },
    { heading: "Configuration", code: "a: <script>alert(1)</script>\n" },
  ],
};

describe("makeReport", () => {
  const html = makeReport(options);
  const { document } = parseHTML(html);
  const texts = (selector: string) => [...document.querySelectorAll(selector)].map((element) => element.textContent);

  it("escapes all text", () => {
    expect(document.querySelector("script, b")).toBeNull();
    expect(texts("h1")).toEqual(["Run <12> & more"]);
    expect(texts("section p")).toEqual(["First.", "Second <b>bold</b>."]);
    expect(texts("pre")).toEqual(["a: <script>alert(1)</script>\n"]);
    expect(document.querySelector("img")?.getAttribute("alt")).toBe('the "loss"');
  });

  it("loads nothing from elsewhere", () => {
    expect(html).not.toMatch(/https?:|\/\/[a-z]|@import|<link|<script/i);
    for (const image of document.querySelectorAll("img")) expect(image.getAttribute("src")).toMatch(/^data:image\//);
    expect(html).toContain("default-src 'none'");
  });

  it("embeds figures byte for byte", () => {
    const [first, second] = [...document.querySelectorAll("img")].map((image) =>
      Buffer.from((image.getAttribute("src") as string).split(",")[1] as string, "base64"),
    );
    expect(first?.toString("utf8")).toBe(svg);
    expect(second).toEqual(Buffer.from(png));
  });

  it("can be read by ear: language, landmarks, table headers, every image described, links that lead somewhere", () => {
    expect(document.documentElement.getAttribute("lang")).toBe("en");
    expect(texts("h2")).toEqual(["Loss", "Probe", "Configuration"]);
    expect(texts('th[scope="col"]')).toEqual(["encoder", "top-1", "share", "note"]);
    expect(texts('th[scope="row"]')).toEqual(["pretrained", "random"]);
    for (const link of document.querySelectorAll("nav a"))
      expect(document.getElementById((link.getAttribute("href") as string).slice(1))).not.toBeNull();
    for (const image of document.querySelectorAll("img")) expect(image.getAttribute("alt")).not.toBe("");
  });

  it("sets columns of numbers right-aligned, and a column with words not", () => {
    expect(texts("td.number")).toEqual(["0.9", "90.0 %", "0.5", "50.0 %"]);
    const table = {
      columns: ["method", "mIoU %", "loss"],
      rows: [
        ["full", "22.9", "1.1"],
        ["commonest class", "11.3", ""],
      ],
    };
    expect(makeReport({ title: "t", sections: [{ heading: "Scores", table }] })).toContain(
      '<td class="number">1.1</td></tr>',
    );
  });

  it("gives the same bytes twice", () => {
    expect(makeReport(options)).toBe(html);
  });

  it("says which table row is wrong", () => {
    const table = { columns: ["a", "b"], rows: [[1, 2], [3]] };
    expect(() =>
      makeReport({ title: "t", sections: [{ heading: "Probe", table }] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Probe row 1: expected 2 cells, got 1. Give one cell for each column.]`,
    );
  });
});
