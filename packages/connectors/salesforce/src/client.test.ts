import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { testSession } from '@waymark/connector-kit/testing/session';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connect, type SalesforceClient } from './client.ts';
import { salesforce } from './connector.ts';

let server: Server | undefined;
afterEach(() => server?.closeAllConnections());
afterEach(() => server?.close());

/** A server of one answer, with the requests that reached it. */
async function answering(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, requests };
}

const client = (instance: string, signal = new AbortController().signal): Promise<SalesforceClient> =>
  connect(testSession({ classify: salesforce.classify, baseUrls: { instance }, signal, token: 'secret-token' }));

const read = (from: SalesforceClient) =>
  from.json({ method: 'GET', path: '/x', idempotent: true, doc: 'https://example.com', answer: z.looseObject({}) });

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response
    .writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers })
    .end(JSON.stringify(body));
};

describe('a call through jsforce', () => {
  it('E3: ends at one 401, which jsforce by itself would answer with refreshing without end', async () => {
    const { url, requests } = await answering((_, response) =>
      json(response, 401, [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }]),
    );
    await expect(read(await client(url))).rejects.toMatchObject({ fault: { kind: 'token-expired' } });
    expect(requests).toHaveLength(1);
  });

  it('ends as a passing fault where the connection breaks inside the body, which would end the process', async () => {
    const { url } = await answering((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"half":');
      setTimeout(() => request.socket.destroy(), 20);
    });
    await expect(read(await client(url))).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });

  it('is made once whatever the status: repeating is the runner’s', async () => {
    const { url, requests } = await answering((_, response) =>
      json(response, 503, [{ errorCode: 'SERVER_UNAVAILABLE' }]),
    );
    await expect(read(await client(url))).rejects.toMatchObject({ fault: { kind: 'transient' } });
    expect(requests).toHaveLength(1);
  });

  it('R19: follows no redirect with the token', async () => {
    const { url, requests } = await answering((_, response) =>
      response.writeHead(302, { location: '/elsewhere' }).end(),
    );
    await expect(read(await client(url))).rejects.toMatchObject({ fault: { kind: 'transient' } });
    expect(requests).toHaveLength(1);
  });

  it('A4: HTML or half a JSON with status 200 is a fault, never an empty answer', async () => {
    const bodies = ['<html>maintenance</html>', '{"records":[', 'null', '[]'];
    const { url } = await answering((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(bodies.shift()),
    );
    const connected = await client(url);
    for (const _ of [1, 2, 3, 4]) {
      await expect(connected.rows('SELECT Id FROM Account')).rejects.toMatchObject({ fault: { kind: 'transient' } });
    }
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const { url } = await answering(() => stop.abort(new Error('stopped')));
    await expect(read(await client(url, stop.signal))).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });

  it('names the version, the client and the token, and reads what is left of the day', async () => {
    const { url, requests } = await answering((_, response) =>
      json(response, 200, { totalSize: 0, done: true, records: [] }, { 'sforce-limit-info': 'api-usage=99/100' }),
    );
    const connected = await client(url);
    await connected.rows('SELECT Id FROM Account');
    expect(requests[0]?.url).toBe('/services/data/v66.0/query?q=SELECT+Id+FROM+Account');
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer secret-token',
      'sforce-call-options': 'client=Waymark',
    });
    await expect(read(connected)).rejects.toMatchObject({ fault: { kind: 'quota-exhausted' } });
    expect(requests).toHaveLength(1);
  });

  it('D10: history leaves a quarter of our share to what is new', async () => {
    const { url } = await answering((_, response) =>
      json(response, 200, { totalSize: 0, done: true, records: [] }, { 'sforce-limit-info': 'api-usage=5/25' }),
    );
    const connected = await client(url);
    for (const _ of [1, 2, 3, 4]) await connected.rows('SELECT Id FROM Account');
    await expect(connected.rows('SELECT Id FROM Account', { patient: true })).rejects.toMatchObject({
      fault: { kind: 'quota-exhausted' },
    });
    await connected.rows('SELECT Id FROM Account');
    await expect(connected.rows('SELECT Id FROM Account')).rejects.toThrow(/its share/);
    await connected.rows('SELECT Id FROM Account', { urgent: true });
  });

  it('D10: a used-up day is told with the time to look again', async () => {
    const { url } = await answering((_, response) =>
      json(response, 403, [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }]),
    );
    await expect(read(await client(url))).rejects.toMatchObject({
      fault: { kind: 'quota-exhausted', resumeAt: 3_600_000 },
    });
  });
});
