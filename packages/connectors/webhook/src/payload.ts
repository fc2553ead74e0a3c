import type { HintRequest } from '@waymark/connector-kit';

/** What one request may hold. */
const limits = { bytes: 1_048_576, depth: 64, events: 1000 } as const;

/** What a request brought: events in the form of CloudEvents, or any other JSON. */
export type Payload =
  | { readonly form: 'cloudevents'; readonly events: readonly unknown[] }
  | { readonly form: 'json'; readonly body: unknown };

/** Why a request cannot be taken, for its sender. */
export interface Unreadable {
  readonly reason: string;
}

/**
 * Reads a request by the HTTP binding of CloudEvents 1.0: structured, batched and binary, else as plain JSON. A body that says
 * `specversion` is taken for a CloudEvent whatever its content type says.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export function readPayload(request: HintRequest): Payload | Unreadable {
  if (request.body.byteLength > limits.bytes) return { reason: `The body is larger than ${limits.bytes} bytes` };
  const type = (request.headers['content-type'] ?? '').toLowerCase();
  const body = parse(request.body);
  if ('reason' in body) return body;
  if (request.headers['ce-specversion'] !== undefined && !type.startsWith('application/cloudevents'))
    return { form: 'cloudevents', events: [binaryEvent(request, body.value)] };
  if (
    type.startsWith('application/cloudevents-batch') ||
    (Array.isArray(body.value) && body.value.every(saysVersion))
  ) {
    if (!Array.isArray(body.value)) return { reason: 'A batch of CloudEvents is a JSON array' };
    if (body.value.length > limits.events) return { reason: `Send at most ${limits.events} events in a batch` };
    return { form: 'cloudevents', events: body.value };
  }
  if (type.startsWith('application/cloudevents') || saysVersion(body.value))
    return { form: 'cloudevents', events: [body.value] };
  return { form: 'json', body: body.value };
}

function parse(bytes: Uint8Array): { readonly value: unknown } | Unreadable {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { reason: 'The body is not UTF-8' };
  }
  if (isDeeper(text, limits.depth)) return { reason: `The body nests more than ${limits.depth} levels` };
  try {
    const value: unknown = JSON.parse(text);
    if (hasUnsafeKey(value)) return { reason: 'The body holds a key such as __proto__, which nothing should be named' };
    return { value };
  } catch {
    return { reason: 'The body is not JSON' };
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const saysVersion = (value: unknown): boolean => isRecord(value) && typeof value['specversion'] === 'string';

/** Attributes are headers with the prefix `ce-`, percent-encoded where they are not printable ASCII; the body is the data (3.1). */
function binaryEvent(request: HintRequest, data: unknown): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (/^ce-[a-z0-9]{1,50}$/.test(name)) event[name.slice(3)] = decodeHeader(value);
  }
  const contentType = request.headers['content-type'];
  return { ...event, ...(contentType !== undefined && { datacontenttype: contentType }), data };
}

function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Whether the brackets of a JSON text nest deeper than that, those inside strings left out. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > most) return true;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return false;
}

/** `__proto__`, or `constructor.prototype`, as an own key anywhere (failure R24). */
function hasUnsafeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.entries(value).some(
    ([key, each]) =>
      (key === 'constructor' && typeof each === 'object' && each !== null && Object.hasOwn(each, 'prototype')) ||
      hasUnsafeKey(each),
  );
}
