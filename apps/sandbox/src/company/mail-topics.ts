/**
 * What people write about. `{first}`, `{company}`, `{feature}`, `{month}`, `{n}`, `{weekday}` are filled in; a thread takes one
 * topic, opens with one of its openings and goes back and forth through the two lists of replies.
 */
export interface Topic {
  readonly lead: 'customer' | 'vendor';
  /** When in the relation it fits. */
  readonly phase: 'sale' | 'onboarding' | 'running' | 'renewal';
  readonly subjects: readonly string[];
  readonly openings: readonly string[];
  readonly customer: readonly string[];
  readonly vendor: readonly string[];
}

export const FEATURES: readonly string[] = [
  'bank feeds',
  'approval chains',
  'multi-entity consolidation',
  'the audit trail',
  'revenue schedules',
  'the ERP sync',
  'dunning letters',
  'vendor onboarding',
  'credit notes',
  'the close checklist',
  'expense matching',
  'tax codes',
  'intercompany eliminations',
  'the cash forecast',
  'custom fields',
  'the report builder',
];

export const TOPICS: readonly Topic[] = [
  {
    lead: 'customer',
    phase: 'running',
    subjects: ['Question about {feature}', '{feature}: how do we set this up?', 'Quick one on {feature}'],
    openings: [
      'We are trying to get {feature} working for the {month} close and are not sure which setting matters. Could you point us the right way?',
      'Is there a way to limit {feature} to one entity? Our controller asked this morning and I could not find it in the docs.',
      'Two of the team see different numbers in {feature}. Is that a permissions matter?',
    ],
    customer: [
      'That helps. Does the same apply to the entities we added in {month}?',
      'We tried it on the test entity and it looks right. One more thing: can we schedule it?',
      'Understood. I will pass it on to the team and come back if we get stuck.',
    ],
    vendor: [
      'Good question. It is under Settings > Entities, and it applies from the next posting run. I have attached the short guide.',
      'Yes, that works per entity. I switched on the option for {company}; please sign in again to see it.',
      'Happy to walk you through it. In the meantime, the second page of the guide shows the exact steps.',
    ],
  },
  {
    lead: 'customer',
    phase: 'running',
    subjects: ['{month} close: numbers do not tie', 'Difference in the {month} report', 'Reconciliation for {month}'],
    openings: [
      'Our {month} close is off by a small amount and we think {feature} is involved. Could someone take a look before {weekday}?',
      'The {month} trial balance and the export differ by {n} lines. Nothing dramatic, but the auditors will ask.',
    ],
    customer: [
      'Found it: two credit notes were dated in the wrong period. Thank you for the hint.',
      'I have uploaded the export to the shared folder. The lines in question are marked.',
      'Ties now. Could you tell us how to avoid it next month?',
    ],
    vendor: [
      'I compared both files: {n} lines were posted after the cut-off. You can move them with a period adjustment.',
      'Thanks for the export. We will check it today and I will write to you as soon as I know more.',
      'The easiest way is to lock the period once the checklist is complete. I can switch that on for you.',
    ],
  },
  {
    lead: 'customer',
    phase: 'running',
    subjects: ['New colleague needs access', 'Access for our new hire', 'User changes at {company}'],
    openings: [
      'We have somebody new in accounts payable from {weekday}. What is the quickest way to get them trained?',
      'Please could you check our seat count? We have {n} people in finance now and I would like to know where we stand.',
    ],
    customer: [
      'Perfect, they are in. Is there a recording of the last training?',
      'Great, we will use the short course then.',
    ],
    vendor: [
      'You have a few seats left, so just invite them from the admin page. I have also put them on the list for the next training.',
      'Here is the recording, and the short course takes about an hour. I am glad to answer what comes up.',
    ],
  },
  {
    lead: 'customer',
    phase: 'running',
    subjects: ['Feedback from the team', 'How it is going with {feature}', 'Good news on {feature}'],
    openings: [
      'Just wanted to say that {feature} saved us about {n} hours this month. The team is pleased.',
      'We presented the new process to our CFO. {feature} got the most attention. Any plans for more in that direction?',
    ],
    customer: [
      'Of course, feel free to share that with your product team.',
      'We would be happy to try an early version.',
    ],
    vendor: [
      'That is lovely to hear. I have passed it on to the product team; they will want to hear more from you.',
      'There is more coming in the next quarter. I will put {company} on the list for the early version.',
    ],
  },
  {
    lead: 'customer',
    phase: 'running',
    subjects: ['Invoice layout', 'Change to our invoice template', 'Dunning text'],
    openings: [
      'Our brand colors changed. How do we update the invoice template without touching the ones already sent?',
      'Legal would like one more sentence at the bottom of each invoice. Is that something we can do ourselves?',
    ],
    customer: ['Looks right in the preview. We will go live with it on {weekday}.', 'Thanks, exactly what we needed.'],
    vendor: [
      'Make a copy of the template, change the copy, and set it as default: old invoices keep the old one.',
      'Yes: Templates > Footer. I would test it with one small customer first.',
    ],
  },
  {
    lead: 'vendor',
    phase: 'running',
    subjects: ['Notes from our call', 'Recap and next steps', 'Follow-up: {feature}'],
    openings: [
      'Thank you for the time today. We agreed to look at {feature} next; I will send the guide, and you will pick two people to try it.',
      'Here are my notes: {n} people use {feature} now, and the checklist is next. Did I miss anything?',
    ],
    customer: [
      'Nothing to add, thanks for writing it up. We will come back to you by {weekday}.',
      'One correction: we are {n} people now. Otherwise all right.',
      'Thanks. Could you also send the link to the template you showed?',
    ],
    vendor: [
      'Noted, and updated. The link is in the shared plan.',
      'Thank you, I have changed it in our plan. Speak soon.',
    ],
  },
  {
    lead: 'vendor',
    phase: 'running',
    subjects: ['Checking in on {feature}', 'How was the {month} close?', 'Anything we can do before {month}?'],
    openings: [
      'I saw that {feature} went live for your second entity. How has the team taken to it?',
      'How did the {month} close go? Last time the approvals took a day longer than you had hoped.',
    ],
    customer: [
      'Better than last month: {n} days instead of nine. Approvals are still slow on our side.',
      'It went well. The only wish would be a faster export.',
      'All good here. Could we talk about {feature} on the next call?',
    ],
    vendor: [
      'That is real progress. I will bring two ideas on approvals to our next call.',
      'Noted on the export, there is a quicker way; I will show you. Until then!',
    ],
  },
  {
    lead: 'vendor',
    phase: 'running',
    subjects: ['Release notes that matter to {company}', 'New in {feature}'],
    openings: [
      'There is a change in {feature} that I think you will like: rules can now be tested before they run. Shall I switch it on?',
      'You asked for this in {month}: you can now see in {feature} who changed what. It is on for you already.',
    ],
    customer: ['Oh nice. Yes please, switch it on.', 'Saw it this morning, the team is happy. Thanks for remembering.'],
    vendor: ['Done. Tell me how it goes.', 'Glad to hear it. I will add it to the agenda for our next call.'],
  },
  {
    lead: 'customer',
    phase: 'onboarding',
    subjects: ['Opening balances', 'Data import: chart of accounts', 'Question on the import'],
    openings: [
      'We have our chart of accounts ready as a spreadsheet with {n} lines. Which format do you need?',
      'Our old system exports opening balances per entity. Do we load them before or after {feature}?',
    ],
    customer: ['Uploaded. Please tell us if anything is missing.', 'Thanks. We will have the rest by {weekday}.'],
    vendor: [
      'A plain CSV is fine, one line per account. I have put a sample into the shared folder.',
      'Balances first, then {feature}. I have checked your file and it loads cleanly.',
    ],
  },
  {
    lead: 'vendor',
    phase: 'onboarding',
    subjects: ['Welcome to Lumen Ledger', 'Your onboarding plan', 'Next steps for {company}'],
    openings: [
      'Welcome aboard! I am your customer success manager. Here is the plan for the first weeks: kickoff, data, training, go-live.',
      'As promised, the plan: data import by {weekday}, training for {n} people after that. Does this suit you?',
    ],
    customer: ['Looks good to us. I am adding our payables lead to the thread.', 'Thank you. The dates work for us.'],
    vendor: ['Great, the invitation is on its way.', 'Perfect. I will keep the plan up to date as we go.'],
  },
  {
    lead: 'vendor',
    phase: 'sale',
    subjects: ['Lumen Ledger for {company}', 'Proposal for {company}', 'Following up on the demo'],
    openings: [
      'Thank you for joining the demo. I have put together a proposal for {n} users, with {feature} included.',
      'As discussed, here is a short comparison with what you use today. Shall we go through it on {weekday}?',
    ],
    customer: [
      'Thanks, we are reviewing it with our controller. Does the price include {feature}?',
      'Our finance lead has some questions on security. Could you send the report?',
      'We like it. Procurement will come back with the signed order form.',
    ],
    vendor: ['It does. I have marked it in the proposal.', 'Attached. I am happy to join a call with them.'],
  },
  {
    lead: 'customer',
    phase: 'sale',
    subjects: ['Pricing for {n} users', 'Can Lumen Ledger do {feature}?'],
    openings: [
      'We are comparing three products and would like to know how you handle {feature}. We are a finance team of {n}.',
      'A colleague recommended you. Could you give us an idea of the price for {n} users?',
    ],
    customer: ['That is clear, thank you. Could we see it live?', 'Good. We decide at the end of {month}.'],
    vendor: [
      'Gladly. I can show you {feature} with sample data on {weekday}.',
      'I will send an invitation for a short demo.',
    ],
  },
  {
    lead: 'vendor',
    phase: 'renewal',
    subjects: ['Your renewal', 'Renewal for {company}', 'Looking ahead to the next term'],
    openings: [
      'Your term ends in a while, so I would like to plan ahead. Usage is at {n} people; shall we keep the plan as it is?',
      'Here is the draft for the next term. The price stays the same if we keep {feature} in the plan.',
    ],
    customer: [
      'Thanks for being early. We intend to continue; please send it to our purchasing team as well.',
      'Looks fine. Our CFO will sign once the budget is approved.',
      'Could we move two seats to the other entity in the new term?',
    ],
    vendor: ['Done, and I have copied your purchasing team.', 'Of course, the new draft has it. Thank you!'],
  },
];

export const TICKET_SUBJECTS: readonly string[] = [
  'Export to CSV times out',
  'Bank feed stopped on {weekday}',
  'Duplicate invoice numbers',
  'Cannot approve as delegate',
  'Wrong tax code after import',
  'Report shows old entity name',
  'Login loop with single sign-on',
  'Attachment missing on invoice',
  'Sync with the ERP is late',
  'Credit note not linked',
  'Email reminders sent twice',
  'Rounding in consolidation',
  'Permission error in {feature}',
  'API returns 500 on upload',
  'Search does not find vendor',
  'PDF has no logo',
];

export const STORM_SUBJECTS: readonly string[] = [
  'Bank feeds down for all entities',
  'Payment run failed, suppliers unpaid',
  'Month-end close blocked',
  'Duplicate payments posted',
  'Approvals lost after the update',
  'ERP sync writes to the wrong entity',
  'Users locked out before the close',
  'Consolidation is wrong by one entity',
];
