import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSlackBot, type SlackBot } from '../slack-bot.ts';
import { BotRig } from '../testing/bot-rig.ts';

/** Slack's end of a socket: the one call that opens it (RFC 6455 without fragments, which Slack does not send). */
class FakeSocketMode {
  readonly acknowledged: unknown[] = [];
  readonly server: Server;
  #stream: Duplex | undefined;
  #heard = Promise.withResolvers<void>();

  constructor() {
    this.server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ok: true, url: `ws://127.0.0.1:${this.port}/socket` }));
    });
    this.server.on('upgrade', (request, stream: Duplex) => {
      const key = request.headers['sec-websocket-key'] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      stream.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      stream.on('data', (data: Buffer) => this.#read(data));
      stream.on('error', () => undefined);
      this.#stream = stream;
      this.send({ type: 'hello', num_connections: 1 });
    });
  }

  get port(): number {
    const address = this.server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  send(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const head =
      text.length < 126
        ? Buffer.from([0x81, text.length])
        : Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
    this.#stream?.write(Buffer.concat([head, text]));
  }

  /** Resolves when so many messages were acknowledged. */
  async hears(count: number): Promise<void> {
    while (this.acknowledged.length < count) await this.#heard.promise;
  }

  close(): void {
    this.#stream?.destroy();
    this.server.close();
  }

  #read(data: Buffer): void {
    for (let at = 0; at + 6 <= data.length;) {
      const opcode = (data[at] ?? 0) & 15;
      let length = (data[at + 1] ?? 0) & 127;
      at += 2;
      if (length === 126) {
        length = data.readUInt16BE(at);
        at += 2;
      }
      const mask = data.subarray(at, at + 4);
      const text = data.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      at += 4 + length;
      if (opcode === 1) this.acknowledged.push(JSON.parse(Buffer.from(text).toString('utf8')));
    }
    this.#heard.resolve();
    this.#heard = Promise.withResolvers<void>();
  }
}

let rig: BotRig;
let fake: FakeSocketMode;
let bot: SlackBot;
beforeEach(async () => {
  rig = await BotRig.start();
  await rig.live();
  fake = new FakeSocketMode();
  await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
  bot = createSlackBot({ ...rig.dependencies(), socketModeApiUrl: `http://127.0.0.1:${fake.port}/api/` });
});
afterEach(async () => {
  await bot.close();
  fake.close();
  await rig.close();
});

test('without a public address a press comes over the socket, is acted on once, and acknowledged', async () => {
  const account = await rig.addAccount('Northgate Paper');
  const flag = rig.flag(account, 'gone_quiet');
  await rig.fold(account, [flag]);
  await rig.send();
  await bot.startSocketMode('xapp-1-test');
  const press = {
    type: 'interactive',
    envelope_id: 'e1',
    accepts_response_payload: true,
    payload: {
      type: 'block_actions',
      api_app_id: rig.app.id,
      team: { id: 'T0ONE' },
      user: { id: 'U0MAYA' },
      actions: [{ type: 'button', action_id: 'claim', block_id: `flag:${flag.flagId}`, value: `flag:${flag.flagId}` }],
    },
  };
  fake.send(press);
  await fake.hears(1);
  await bot.idle();
  expect(rig.answers.map((one) => one.answer)).toEqual(['claimed']);
  fake.send(press);
  await fake.hears(2);
  await bot.idle();
  expect(fake.acknowledged[0]).toMatchObject({ envelope_id: 'e1' });
  expect(rig.answers).toHaveLength(1);
});
