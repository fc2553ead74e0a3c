import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { plainBytes } from './file.ts';
import { linesOf } from './lines.ts';

async function read(bytes: Uint8Array, chunk = bytes.length): Promise<readonly unknown[]> {
  const lines: unknown[] = [];
  for await (const block of linesOf(plainBytes(cut(bytes, chunk)))) lines.push(...block);
  return lines;
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const text = Array.from({ length: 3000 }, (_, at) => `{"line":${at},"of":"${'ü'.repeat(at % 50)}"}`);
const packed = gzipSync(Buffer.from(`${text.join('\n')}\n`));

describe('a file', () => {
  it('packed by gzip is read as it was, however it comes', async () => {
    for (const size of [packed.length, 1, 7, 4096]) expect(await read(packed, size)).toEqual(text);
    // One after another, as logs are that are packed by the day.
    const two = Buffer.concat([gzipSync(Buffer.from('{"a":1}\n')), gzipSync(Buffer.from('{"b":2}\n'))]);
    expect(await read(two)).toEqual(['{"a":1}', '{"b":2}']);
    expect(await read(gzipSync(''))).toEqual([]);
  });

  it('that is packed and cut off, or damaged, gives what came before', async () => {
    const lines: unknown[] = [];
    const reading = async (bytes: Uint8Array) => {
      lines.length = 0;
      for await (const block of linesOf(plainBytes(cut(bytes, 1000)))) lines.push(...block);
    };
    const random = Buffer.from(Array.from({ length: 200_000 }, (_, at) => `${(at * 7919) % 100_003}`).join('\n'));
    const long = gzipSync(random);
    await expect(reading(long.subarray(0, long.length - 20))).rejects.toThrow('cut off');
    expect(lines.length).toBeGreaterThan(1000);
    await expect(reading(long.subarray(0, 15))).rejects.toThrow('cut off');
    const damaged = Buffer.from(long);
    damaged.fill(0xff, long.length / 2, long.length / 2 + 50);
    await expect(reading(damaged)).rejects.toMatchObject({ code: 'IMPORT_UNREADABLE' });
  });

  it('that is packed otherwise, an archive, or no text at all says what to do', async () => {
    await expect(read(Buffer.from([0x50, 0x4b, 3, 4]))).rejects.toThrow('save the sheet as CSV');
    await expect(read(Buffer.from([0x50, 0x4b, 3, 4]), 1)).rejects.toThrow('save the sheet as CSV');
    await expect(read(gzipSync(packed))).rejects.toThrow('packed twice');
    const archive = Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\u000000'), Buffer.alloc(2000)]);
    await expect(read(archive)).rejects.toThrow('tar');
    await expect(read(gzipSync(archive))).rejects.toThrow('tar');
    await expect(read(Buffer.from([0xff, 0xfe, 0x7b, 0]))).rejects.toThrow('iconv');
    await expect(read(gzipSync(Buffer.from([0xff, 0xfe, 0x7b, 0])))).rejects.toThrow('iconv');
    await expect(read(Buffer.from([0x7b, 0, 0x22, 0]))).rejects.toThrow('UTF-16');
    await expect(read(Buffer.from([0, 0x7b, 0, 0x22]))).rejects.toThrow('UTF-16');
    expect(await read(Buffer.from('{}'))).toEqual(['{}']);
    expect(await read(Buffer.alloc(0))).toEqual([]);
  });

  it('whose source fails fails with it, packed or not', async () => {
    async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      yield bytes;
      throw new Error('the disk is gone');
    }
    for (const bytes of [Buffer.from('{}\n{}'), packed.subarray(0, 2000)])
      await expect(
        (async () => {
          for await (const block of linesOf(plainBytes(failing(bytes)))) expect(block.length).toBeGreaterThan(0);
        })(),
      ).rejects.toThrow('the disk is gone');
  });
});
