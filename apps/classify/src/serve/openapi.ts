import { IMAGE_TYPES } from "./read-upload.js";

interface ServedLimits {
  readonly classNames: readonly string[];
  readonly channels: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxPixels: number;
}

const binary = { schema: { type: "string", contentMediaType: "application/octet-stream" } };

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

const json = (description: string, schema: object) => ({ description, content: { "application/json": { schema } } });

/** Describes the server. Source: OpenAPI Specification 3.1.1. */
export function openApiDocument({ classNames, channels, maxBodyBytes, maxPixels }: ServedLimits): object {
  return {
    openapi: "3.1.1",
    info: {
      title: "graticule-classify",
      version: "1",
      description: `Classifies images with the channels ${channels.join(", ")}, of at most ${maxBodyBytes} bytes and ${maxPixels} pixels.`,
    },
    servers: [{ url: "/" }],
    paths: {
      "/classify": {
        post: {
          operationId: "classify",
          summary: "Classify an image.",
          parameters: [
            {
              name: "top",
              in: "query",
              description: "How many classes to return, likeliest first; all if absent.",
              schema: { type: "integer", minimum: 1 },
            },
          ],
          requestBody: {
            required: true,
            content: {
              ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, binary])),
              "multipart/form-data": {
                schema: { type: "object", properties: { image: binary.schema }, required: ["image"] },
              },
            },
          },
          responses: {
            200: json("Its classes.", { $ref: "#/components/schemas/Classification" }),
            400: problem("The body is no image that can be read, or lacks a channel."),
            408: { description: "The request took too long to arrive." },
            413: problem("The body or the image is too large."),
            415: problem("The body is of another type."),
            500: problem("The model failed."),
            503: {
              ...problem("Too many requests are waiting, or the server is stopping."),
              headers: { "Retry-After": { description: "Seconds to wait.", schema: { type: "integer" } } },
            },
          },
        },
      },
      "/health": {
        get: {
          operationId: "health",
          summary: "Whether the server takes requests.",
          responses: {
            200: json("It does.", { $ref: "#/components/schemas/Health" }),
            503: problem("It is stopping."),
          },
        },
      },
    },
    components: {
      schemas: {
        Classification: {
          type: "object",
          required: ["classes", "width", "height"],
          properties: {
            classes: {
              type: "array",
              items: {
                type: "object",
                required: ["name", "probability"],
                properties: {
                  name: { type: "string", enum: classNames },
                  probability: { type: "number", minimum: 0, maximum: 1 },
                },
              },
            },
            width: { type: "integer", description: "Of the image. Units: pixels." },
            height: { type: "integer" },
          },
        },
        Health: {
          type: "object",
          required: ["status", "pending"],
          properties: { status: { const: "ok" }, pending: { type: "integer", description: "Requests in the works." } },
        },
        Problem: {
          type: "object",
          description: "RFC 9457.",
          required: ["type", "title", "status", "detail"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
          },
        },
      },
    },
  };
}
