import type { JourneyDefinition } from '@waymark/journey';

/** What people do about a flag, step by step, as its definition says it; the name alone where the definition lists no steps. */
export function playbookLines(definition: Pick<JourneyDefinition, 'playbooks'> | undefined, id: string): string[] {
  const playbook = definition?.playbooks?.find((one) => one.id === id);
  if (!playbook) return [`Playbook: ${id.replaceAll('_', ' ')}`];
  return [
    `Playbook: ${playbook.title}`,
    ...playbook.steps.map(({ title, ownerRole, dueDays }, index) => {
      const within = dueDays === undefined ? [] : [dueDays === 1 ? 'within a day' : `within ${dueDays} days`];
      const how = [...(ownerRole === undefined ? [] : [ownerRole]), ...within].join(', ');
      return `  ${index + 1}. ${title}${how === '' ? '' : ` (${how})`}`;
    }),
  ];
}
