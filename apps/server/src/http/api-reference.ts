import { html } from 'hono/html';
import { z } from 'zod';
import type { Markup } from '../status/page.ts';

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    format: z.string().optional(),
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    default: z.unknown().optional(),
    items: schema.optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(schema).optional(),
    oneOf: z.array(schema).optional(),
  }),
);

interface Schema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly default?: unknown;
  readonly items?: Schema | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
}

const content = z.record(z.string(), z.looseObject({ schema: schema.optional() })).optional();
const operation = z.looseObject({
  summary: z.string().default(''),
  description: z.string().optional(),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        schema: schema.optional(),
        description: z.string().optional(),
      }),
    )
    .default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content })).default({}),
});

/** As much of an OpenAPI document as the page shows. */
const documentForm = z.looseObject({
  info: z.looseObject({ title: z.string(), version: z.string(), description: z.string().default('') }),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), schema).default({}) }).optional(),
});

type Operation = z.infer<typeof operation>;

/** The API reference as a page, from the OpenAPI document. */
export function referencePage(openapi: unknown, publicUrl: string): Markup {
  const { info, paths, components } = documentForm.parse(openapi);
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), one })),
  );
  const groups = Map.groupBy(all, ({ one }) => one.tags[0] ?? 'Other');
  return html`<h1>API</h1>
    <p class="lead">${info.description}</p>
    <p>
      Every request brings a token of the workspace, made with <code>waymark token</code>, and sees this workspace
      alone. Errors have one form: <code>{"error":{"code","message"}}</code>; the message says what to do. Times are RFC
      3339 in UTC. The same as a document: <a href="/api/openapi.json">openapi.json</a>. Metrics for Prometheus:
      <code>/metrics</code>.
    </p>
    <pre><code>curl -H "Authorization: Bearer wmk_…" ${publicUrl}/api/status</code></pre>
    ${[...groups].map(
      ([group, operations]) =>
        html`<h2>${group}</h2>
          ${operations.map(({ path, method, one }) => operationView(path, method, one))}`,
    )}
    <h2>Schemas</h2>
    ${Object.entries(components?.schemas ?? {}).map(
      ([name, one]) =>
        html`<details class="card tight" id="schema-${name}">
          <summary><strong>${name}</strong> <span class="dim">${one.description ?? ''}</span></summary>
          ${schemaView(one)}
        </details>`,
    )}
    <p class="dim small">${info.title} ${info.version}</p>`;
}

function operationView(path: string, method: string, one: Operation): Markup {
  const success = schemaIn(one.responses['200']?.content);
  const sent = schemaIn(one.requestBody?.content);
  return html`<details class="card tight">
    <summary>
      <span class="tag ${method === 'GET' ? '' : 'warn'}">${method}</span> <code>${path}</code> ${one.summary}
    </summary>
    ${one.description ? html`<p>${one.description}</p>` : ''}
    ${
      one.parameters.length > 0
        ? html`<table>
            <caption>
              Parameters
            </caption>
            ${one.parameters.map(
              (each) =>
                html`<tr>
                  <td><code>${each.name}</code>${each.required ? ' *' : ''}</td>
                  <td class="dim">${each.in}</td>
                  <td>${typeOf(each.schema)}</td>
                  <td>
                    ${each.description ?? each.schema?.description ?? ''}
                    ${each.schema?.default === undefined ? '' : html`<span class="dim">default ${JSON.stringify(each.schema.default)}</span>`}
                  </td>
                </tr>`,
            )}
          </table>`
        : ''
    }
    ${
      sent
        ? html`<h3>Body</h3>
            <p>${typeOf(sent)}</p>`
        : ''
    }
    <h3>Answer</h3>
    <p>${one.responses['200']?.description ?? ''} ${success ? typeOf(success) : ''}</p>
  </details>`;
}

function schemaIn(found: z.infer<typeof content>): Schema | undefined {
  return Object.values(found ?? {})[0]?.schema;
}

function schemaView(one: Schema): Markup {
  const required = new Set(one.required ?? []);
  return html`<table>
    ${Object.entries(one.properties ?? {}).map(
      ([name, each]) =>
        html`<tr>
          <td><code>${name}</code>${required.has(name) ? '' : html` <span class="dim">optional</span>`}</td>
          <td>${typeOf(each)}</td>
          <td>${each.description ?? ''}</td>
        </tr>`,
    )}
  </table>`;
}

/** A schema in a few words; a named one leads to its table. */
function typeOf(one: Schema | undefined): Markup | string {
  if (!one) return 'anything';
  if (one.$ref) {
    const name = one.$ref.slice(one.$ref.lastIndexOf('/') + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(' or ');
  const choices = one.anyOf ?? one.oneOf;
  if (choices) return html`${choices.map((each, index) => html`${index > 0 ? ' or ' : ''}${typeOf(each)}`)}`;
  if (one.items) return html`list of ${typeOf(one.items)}`;
  if (one.properties) {
    const parts = Object.entries(one.properties);
    return html`{ ${parts.map(([name, each], index) => html`${index > 0 ? ', ' : ''}${name}: ${typeOf(each)}`)} }`;
  }
  const type = typeof one.type === 'string' ? one.type : (one.type ?? ['anything']).join(' or ');
  return one.format ? `${type} (${one.format})` : type;
}
