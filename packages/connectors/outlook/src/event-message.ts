import type { GraphMessage } from './raw-message.ts';

/**
 * The calendar method of a message that Exchange made for a meeting (RFC 5546), whatever language its subject is in; undefined for
 * an ordinary mail. https://learn.microsoft.com/en-us/graph/api/resources/eventmessage
 */
export function calendarMethod(message: GraphMessage): 'REPLY' | 'REQUEST' | 'CANCEL' | undefined {
  const kind = message.meetingMessageType?.toLowerCase() ?? '';
  if (kind.endsWith('accepted') || kind === 'meetingdeclined') return 'REPLY';
  if (kind === 'meetingrequest') return 'REQUEST';
  if (kind === 'meetingcancelled') return 'CANCEL';
  const type = message['@odata.type']?.toLowerCase() ?? '';
  if (type.endsWith('.eventmessageresponse')) return 'REPLY';
  if (type.endsWith('.eventmessagerequest')) return 'REQUEST';
  return type.endsWith('.eventmessage') ? 'CANCEL' : undefined;
}
