import { expect, it } from 'vitest';
import { blocksHtml } from './rendered-blocks.ts';

it('shows the markup of a verbatim text as Slack does: only bare addresses stay unlinked', () => {
  const text = { type: 'mrkdwn' as const, text: '*Bold* and <https://example.com|a link>', verbatim: true };
  const markup = blocksHtml([{ type: 'section', block_id: 'one', text }], { names: { users: [], channels: [] } }).text;
  expect(markup).toContain('<strong>');
  expect(markup).toContain('href="https://example.com"');
  expect(markup).not.toContain('*Bold*');
});
