import { describe, expect, it } from 'vitest';
import { judgeBefore, judgeCleared, judgeClearing, judgeSent, type Judgment } from './judgment.ts';

const item = { itemId: 'i', before: 'customer', after: 'lead', writtenAt: null };
const cleared = { ...item, cleared: true };
const direct = { ...item, cleared: false };
const value = (text: string) => ({ value: text, source: 'CRM_UI' });
const told = (judgment: Judgment) =>
  judgment.go ? 'go' : [judgment.step.state, judgment.step.conflict].filter(Boolean).join(' ');

describe('what becomes of an item', () => {
  it.each([
    ['before: as planned', judgeBefore(item, value('customer'), 9), 'go'],
    ['before: there already', judgeBefore(item, value('lead'), 9), 'verified'],
    ['before: I5 edited', judgeBefore(item, value('other'), 9), 'skipped edited'],
    ['before: gone', judgeBefore(item, undefined, 9), 'failed record_gone'],
    ['sent: arrived, whatever was said', judgeSent(direct, value('lead'), { accepted: false }, 9), 'verified'],
    ['sent: arrived, answer lost', judgeSent(direct, value('lead'), undefined, 9), 'verified'],
    ['sent: not arrived, answer lost', judgeSent(direct, value('customer'), undefined, 9), 'planned'],
    ['sent: H2 accepted and ignored', judgeSent(direct, value('customer'), { accepted: true }, 9), 'failed'],
    ['sent: H4 refused', judgeSent(direct, value('customer'), { accepted: false, message: 'No' }, 9), 'failed'],
    ['sent: another was faster', judgeSent(direct, value('other'), { accepted: true }, 9), 'skipped edited'],
    ['sent after a clear: not arrived', judgeSent(cleared, value(''), undefined, 9), 'cleared'],
    ['sent after a clear: a person put it back', judgeSent(cleared, value('customer'), undefined, 9), 'skipped edited'],
    ['clear: arrived', judgeClearing(item, value(''), undefined, 9), 'cleared'],
    ['clear: not arrived', judgeClearing(item, value('customer'), undefined, 9), 'planned'],
    ['clear: refused', judgeClearing(item, value('customer'), { accepted: false }, 9), 'failed'],
    ['clear: another was faster', judgeClearing(item, value('other'), undefined, 9), 'skipped edited'],
    ['cleared: still blank', judgeCleared(item, value(''), 9), 'go'],
    ['cleared: a workflow filled it', judgeCleared(item, value('other'), 9), 'skipped edited'],
    ['cleared: it holds the wanted value', judgeCleared(item, value('lead'), 9), 'verified'],
  ])('%s', (_name, judgment, expected) => {
    expect(told(judgment)).toBe(expected);
  });

  it('counts as written only what was sent', () => {
    const step = (judgment: Judgment) => (judgment.go ? undefined : judgment.step);
    expect(step(judgeBefore(item, value('lead'), 9))).not.toHaveProperty('writtenAt');
    expect(step(judgeSent(direct, value('lead'), undefined, 9))).toMatchObject({ writtenAt: 9, verifiedAt: 9 });
    expect(step(judgeSent({ ...direct, writtenAt: 4 }, value('lead'), undefined, 9))).not.toHaveProperty('writtenAt');
  });
});
