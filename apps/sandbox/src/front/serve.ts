import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { CustomEmulator } from 'emulate';
import { FaultPlan, type FaultSpec, type FaultTarget, type StatusFaultKind } from './faults.ts';
import type { Journal } from './journal.ts';

/** A whole answer in the vendor's shape. `body` is sent as JSON unless it is a string. */
export interface FaultAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The vendor's own body for a status fault; undefined when the kind makes no sense for this call. */
export type FaultBody = (kind: StatusFaultKind, request: Request) => FaultAnswer | undefined;

export interface ServeOptions<State extends object> {
  readonly name: string;
  /** Makes the instance (`createEmulator({ …, listen: false, baseUrl })`) once the port is known. */
  readonly create: (baseUrl: string) => Promise<CustomEmulator<State>>;
  /** A fixed port; if it is taken, serving fails with EADDRINUSE. A free one without. */
  readonly port?: number;
  readonly faults?: FaultPlan;
  readonly faultBody?: FaultBody;
  /** The tenant that a call belongs to, for faults that hit one tenant only. */
  readonly tenantOf?: (request: Request) => string | undefined;
  /** Paths that no fault hits; the sandbox's own routes without it. */
  readonly exempt?: RegExp;
  readonly journal?: Journal<State>;
  /** The live state, if the service has it at hand: spares the journal a deep copy. */
  readonly state?: () => State;
  readonly log?: (line: {
    readonly service: string;
    readonly method: string;
    readonly path: string;
    readonly status: number | string;
  }) => void;
}

export interface Served<State extends object> {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly instance: CustomEmulator<State>;
  readonly faults: FaultPlan;
  /** Stops listening, writes the journal, closes the instance. */
  close(): Promise<void>;
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'expect',
  'proxy-connection',
  'te',
]);

/**
 * Serves an emulator on 127.0.0.1 and applies the fault plan in front of it, down to the socket. The body reaches the
 * emulator as the bytes that came in, so a signature over them still holds.
 */
export const serveEmulator = async <State extends object>(options: ServeOptions<State>): Promise<Served<State>> => {
  const faults = options.faults ?? new FaultPlan();
  let instance: CustomEmulator<State> | undefined;
  let url = '';

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    if (!instance) throw new Error(`The ${options.name} emulator is still starting; try again.`);
    const request = await toRequest(incoming, url);
    const path = incoming.url ?? '/';
    const log = (status: number | string): void =>
      options.log?.({ service: options.name, method: request.method, path, status });

    const fault = (options.exempt ?? /^\/sandbox\//u).test(path)
      ? undefined
      : faults.take(targetOf(request, path, options.tenantOf), (spec) =>
          faultApplies(spec, request, options.faultBody),
        );
    if (fault && isStatusFault(fault)) {
      const planned = statusAnswer(fault, request, options.faultBody);
      log(`fault ${fault.kind}`);
      return send(outgoing, planned);
    }
    if (fault?.kind === 'html-200') {
      log('fault html-200');
      return send(
        outgoing,
        new Response('<html><body><h1>Service unavailable</h1></body></html>', {
          headers: { 'content-type': 'text/html; charset=utf-8' },
        }),
      );
    }
    if (fault?.kind === 'hang') {
      log('fault hang');
      if (fault.params?.hangMs !== undefined) {
        setTimeout(() => incoming.socket.resetAndDestroy(), fault.params.hangMs).unref();
      }
      return;
    }

    const response = await instance.fetch(request);
    if (request.method !== 'GET' && request.method !== 'HEAD') options.journal?.touch();
    else if (response.status >= 300 && response.status < 400) options.journal?.touch();
    log(fault ? `fault ${fault.kind}` : response.status);
    if (fault?.kind === 'lost-answer') {
      await response.arrayBuffer();
      incoming.socket.resetAndDestroy();
      return;
    }
    if (fault) return sendBroken(incoming, outgoing, response, fault);
    await send(outgoing, response);
  };

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      options.log?.({
        service: options.name,
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        status: `broken: ${String(error)}`,
      });
      if (outgoing.headersSent) incoming.socket.destroy();
      else
        outgoing
          .writeHead(599, { 'content-type': 'text/plain' })
          .end(`sandbox ${options.name} broke: ${String(error)}`);
    });
  });
  // Longer than any client's keep-alive, or a client reuses a socket in the moment it is closed here.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server has no port; is the address in use?');
  url = `http://127.0.0.1:${address.port}`;

  const stopListening = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  try {
    instance = await options.create(url);
  } catch (error) {
    await stopListening();
    throw error;
  }
  const running = instance;
  options.journal?.bind(options.state ?? (() => running.snapshot().state));

  return {
    url,
    port: address.port,
    instance: running,
    faults,
    close: async () => {
      await stopListening();
      await options.journal?.flush({ force: true });
      await running.close();
    },
  };
};

const targetOf = (
  request: Request,
  path: string,
  tenantOf?: (request: Request) => string | undefined,
): FaultTarget => ({
  method: request.method,
  path,
  tenant: tenantOf?.(request),
});

const isStatusFault = (fault: FaultSpec): fault is FaultSpec & { kind: StatusFaultKind } =>
  ['unauthorized', 'forbidden-rate-limit', 'cursor-lost', 'too-many', 'server-error'].includes(fault.kind);

const faultApplies = (fault: FaultSpec, request: Request, faultBody: FaultBody | undefined): boolean => {
  if (!isStatusFault(fault)) return true;
  if (fault.kind === 'cursor-lost' || fault.kind === 'forbidden-rate-limit') {
    return faultBody?.(fault.kind, request) !== undefined;
  }
  return true;
};

const defaultStatus: Record<StatusFaultKind, number> = {
  unauthorized: 401,
  'forbidden-rate-limit': 403,
  'cursor-lost': 410,
  'too-many': 429,
  'server-error': 500,
};

const statusAnswer = (
  fault: FaultSpec & { kind: StatusFaultKind },
  request: Request,
  faultBody: FaultBody | undefined,
): Response => {
  const shaped = faultBody?.(fault.kind, request) ?? {
    status: defaultStatus[fault.kind],
    body: { error: fault.kind },
  };
  const headers = new Headers(shaped.headers);
  if (fault.kind === 'too-many') {
    const retryAfter = fault.params?.retryAfter ?? 1;
    if (retryAfter === 'date') headers.set('retry-after', new Date(Date.now() + 5000).toUTCString());
    else if (retryAfter !== 'none') headers.set('retry-after', String(retryAfter));
    else headers.delete('retry-after');
  }
  const status = fault.kind === 'server-error' ? (fault.params?.status ?? shaped.status) : shaped.status;
  if (typeof shaped.body === 'string') return new Response(shaped.body, { status, headers });
  headers.set('content-type', headers.get('content-type') ?? 'application/json; charset=utf-8');
  return new Response(JSON.stringify(shaped.body), { status, headers });
};

const toRequest = async (incoming: IncomingMessage, base: string): Promise<Request> => {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] ?? '';
    if (!hopByHop.has(name.toLowerCase())) headers.append(name, incoming.rawHeaders[index + 1] ?? '');
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const method = incoming.method ?? 'GET';
  const body = method === 'GET' || method === 'HEAD' ? null : new Uint8Array(Buffer.concat(chunks));
  // Joined as text: resolving `//host/x` as a reference would leave this server.
  return new Request(`${base}${incoming.url ?? '/'}`, {
    method,
    headers,
    body,
    redirect: 'manual',
  });
};

const headersOf = (response: Response): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie' && name !== 'content-length' && !hopByHop.has(name)) headers[name] = value;
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return headers;
};

const send = async (outgoing: ServerResponse, response: Response): Promise<void> => {
  const headers = headersOf(response);
  if (response.body && headers['content-type']?.toString().startsWith('text/event-stream')) {
    outgoing.writeHead(response.status, headers);
    return stream(outgoing, response.body);
  }
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 204 && response.status !== 304) headers['content-length'] = String(body.length);
  outgoing.writeHead(response.status, headers).end(body);
};

const stream = async (outgoing: ServerResponse, body: ReadableStream<Uint8Array>): Promise<void> => {
  const reader = body.getReader();
  outgoing.once('close', () => {
    reader.cancel().catch(() => undefined);
  });
  outgoing.flushHeaders();
  for (let part = await reader.read(); !part.done; part = await reader.read()) outgoing.write(part.value);
  outgoing.end();
};

const sendBroken = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  response: Response,
  fault: FaultSpec,
): Promise<void> => {
  const headers = headersOf(response);
  const body = Buffer.from(await response.arrayBuffer());
  const part = body.subarray(
    0,
    Math.min(fault.params?.afterBytes ?? Math.floor(body.length / 2), Math.max(0, body.length - 1)),
  );
  if (fault.kind === 'truncated-json') {
    headers['content-length'] = String(part.length);
    outgoing.writeHead(response.status, headers).end(part);
    return;
  }
  headers['content-length'] = String(Math.max(body.length, 1));
  outgoing.writeHead(response.status, headers);
  // The headers and the first half must have left before the reset, or the client sees no answer at all.
  outgoing.write(part.length > 0 ? part : '', () => setTimeout(() => incoming.socket.resetAndDestroy(), 20));
  outgoing.flushHeaders();
};
