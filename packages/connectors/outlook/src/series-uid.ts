/** What Exchange's global object ids begin with (MS-OXOCAL, 2.2.1.27). */
const classId = '040000008200E00074C5B7101A82E008';
/** Before a UID that came from another calendar, in the data of such an id: `vCal-Uid` and the number one. */
const foreignMark = '7643616C2D55696401000000';

/**
 * The UID that all occurrences of a series share, and that other calendars know the meeting by. Graph's `iCalUId` differs for each
 * occurrence: Exchange writes the day into it, and wraps a foreign UID. Both are undone.
 * https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxocal/1d3aac05-a7b9-45cc-a213-47f0a0a2c5c1
 */
export function seriesUid(iCalUId: string): string {
  const id = iCalUId.slice(0, 4_000);
  const hex = id.toUpperCase();
  // Sixteen octets of class, four of the day, eight of time, eight reserved, four of size: the data comes after forty.
  if (!hex.startsWith(classId) || hex.length < 80 || hex.length % 2 === 1 || /[^0-9A-F]/.test(hex)) return id;
  const data = hex.slice(80);
  if (!data.startsWith(foreignMark)) return `${classId}00000000${hex.slice(40)}`;
  const uid = Buffer.from(data.slice(foreignMark.length), 'hex').toString('utf8').replace(/\0.*$/s, '');
  return uid === '' ? id : uid;
}
