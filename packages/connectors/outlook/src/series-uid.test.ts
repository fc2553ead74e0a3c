import { expect, test } from 'vitest';
import { seriesUid } from './series-uid.ts';

const classId = '040000008200E00074C5B7101A82E008';
const tail = 'A0B1C2D3E4F5D60100000000000000001000000011223344556677889900AABBCCDDEEFF';
const foreign = (uid: string, day: string) => {
  const data = Buffer.from(`vCal-Uid\u0001\0\0\0${uid}\0`, 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  return `${classId}${day}${'00'.repeat(16)}${size.toString('hex')}${data.toString('hex')}`.toUpperCase();
};

test.each([
  ['a series of Exchange', `${classId}00000000${tail}`, `${classId}00000000${tail}`],
  ['an occurrence of it', `${classId}07EA0A0C${tail}`, `${classId}00000000${tail}`],
  ['in small letters', `${classId}07EA0A0C${tail}`.toLowerCase(), `${classId}00000000${tail}`],
  ['an occurrence of Google’s series', foreign('rev1@google.com', '07EA0A0C'), 'rev1@google.com'],
  ['Google’s own', 'rev1@google.com', 'rev1@google.com'],
  ['the beginning alone', classId, classId],
  ['an odd number of digits', `${classId}00000000${tail}A`, `${classId}00000000${tail}A`],
  ['a foreign id that is empty', foreign('', '00000000'), foreign('', '00000000')],
])('B4: %s', (_name, iCalUId, uid) => {
  expect(seriesUid(iCalUId)).toBe(uid);
});
