import { Command } from 'commander';
import { ConfigurationError } from '@waymark/server';
import { StoreError } from '@waymark/store';
import { accountsCommand } from './commands/accounts.ts';
import { backtestCommand } from './commands/backtest.ts';
import { churnCommand } from './commands/churn.ts';
import { disconnectCommand } from './commands/disconnect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { excludeCommand } from './commands/exclude.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { installCommand } from './commands/install.ts';
import { journeyCommand } from './commands/journey.ts';
import { mailboxesCommand } from './commands/mailboxes.ts';
import { memberCommand } from './commands/member.ts';
import { previewCommand } from './commands/preview.ts';
import { replayCommand } from './commands/replay.ts';
import { reviewCommand } from './commands/review.ts';
import { signalsCommand } from './commands/signals.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { suggestCommand } from './commands/suggest.ts';
import { syncCommand } from './commands/sync.ts';
import { tokenCommand } from './commands/token.ts';
import { whatIfCommand } from './commands/whatif.ts';
import { workspaceCommand } from './commands/workspace.ts';
import { writebackCommand } from './commands/writeback.ts';
import { demoCommand } from './demo/command.ts';
import { CommandError } from './open.ts';

/** Runs the command line. Every command takes `--json` and ends with a code other than 0 on failure. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietly);
  const program = new Command('waymark')
    .description('The customer journey suite for customer success teams')
    .showHelpAfterError()
    .enablePositionalOptions();
  for (const command of [
    startCommand(),
    demoCommand(),
    workspaceCommand(),
    installCommand(),
    disconnectCommand(),
    mailboxesCommand(),
    memberCommand(),
    tokenCommand(),
    syncCommand(),
    statusCommand(),
    doctorCommand(),
    accountsCommand(),
    explainCommand(),
    replayCommand(),
    backtestCommand(),
    suggestCommand(),
    signalsCommand(),
    churnCommand(),
    journeyCommand(),
    whatIfCommand(),
    importCommand(),
    exportCommand(),
    reviewCommand(),
    excludeCommand(),
    previewCommand(),
    writebackCommand(),
  ]) {
    program.addCommand(pointingToHelp(command, 'waymark'));
  }
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`waymark: ${describe(error)}\n`);
  }
}

/** Has a command, and those below it, name their own help where they are asked in a way that they do not know. */
function pointingToHelp(command: Command, above: string): Command {
  const name = `${above} ${command.name()}`;
  for (const below of command.commands) pointingToHelp(below, name);
  return command.showHelpAfterError(`What can be given: ${name} --help`);
}

/** A reader that goes, such as `head`, ends a command as a shell tells it of any program; what the command has under way it still ends. */
function endQuietly(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exitCode = 141;
  // An export says itself what it means that its target is full.
  else if (process.stdout.listenerCount('error') === 1) throw error;
}

/** What went wrong, in one line; the stack only for what nobody foresaw. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'something went wrong.';
  const foreseen =
    error instanceof CommandError ||
    error instanceof ConfigurationError ||
    error instanceof StoreError ||
    'code' in error;
  return foreseen ? error.message : (error.stack ?? error.message);
}
