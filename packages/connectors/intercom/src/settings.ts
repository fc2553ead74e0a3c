import { z } from 'zod';

/** What an admin may set of an installation. Every key has a default; subjects are kept only where somebody asks for it. */
export const settingsSchema = z.looseObject({ keepSubjects: z.boolean().default(false) });
