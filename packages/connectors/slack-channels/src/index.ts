import type { Connector } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { connect, type SlackClient } from './client.ts';
import { channelStream, peopleStream } from './directory-streams.ts';
import { hint } from './hint.ts';
import { manifest } from './manifest.ts';
import { probe } from './probe.ts';
import { messageStream } from './pull-messages.ts';
import { settingsSchema } from './settings.ts';

/** Slack channels shared with customers: who wrote when, never what. */
export const slackChannels: Connector<SlackClient> = {
  manifest,
  settings: settingsSchema,
  connect,
  async identify(client) {
    const identity = await client.identity();
    const org = identity.is_enterprise_install ? identity.enterprise_id : undefined;
    return { externalAccountId: org ?? identity.team_id, label: identity.team };
  },
  streams: [channelStream, peopleStream, messageStream],
  classify,
  hint,
  probe,
};
