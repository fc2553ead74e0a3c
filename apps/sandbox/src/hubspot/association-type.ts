import type { ObjectType } from './object-type.ts';

/** Ids of the unlabeled association types. https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide#association-type-id-values */
const UNLABELED: Readonly<Partial<Record<`${ObjectType}>${ObjectType}`, number>>> = {
  'contacts>companies': 279,
  'companies>contacts': 280,
  'deals>companies': 341,
  'companies>deals': 342,
  'deals>contacts': 3,
  'contacts>deals': 4,
  'tickets>companies': 339,
  'companies>tickets': 340,
  'tickets>contacts': 16,
  'contacts>tickets': 15,
  'deals>tickets': 27,
  'tickets>deals': 28,
  'companies>meetings': 187,
  'meetings>companies': 188,
  'contacts>meetings': 199,
  'meetings>contacts': 200,
  'deals>meetings': 211,
  'meetings>deals': 212,
  'companies>emails': 185,
  'emails>companies': 186,
  'contacts>emails': 197,
  'emails>contacts': 198,
  'deals>emails': 209,
  'emails>deals': 210,
  'tickets>emails': 223,
  'emails>tickets': 224,
  'companies>companies': 450,
  'contacts>contacts': 449,
};

/** Types that say "this is the primary company". */
const PRIMARY: Readonly<Partial<Record<`${ObjectType}>${ObjectType}`, number>>> = {
  'contacts>companies': 1,
  'companies>contacts': 2,
  'deals>companies': 5,
  'companies>deals': 6,
  'tickets>companies': 26,
  'companies>tickets': 25,
};

export interface AssociationType {
  readonly category: 'HUBSPOT_DEFINED';
  readonly typeId: number;
  readonly label: string | null;
}

/** The types that two associated records have; the primary company has one more. */
export function associationTypes(from: ObjectType, to: ObjectType, primary: boolean): AssociationType[] {
  const pair = `${from}>${to}` as const;
  const types: AssociationType[] = [{ category: 'HUBSPOT_DEFINED', typeId: UNLABELED[pair] ?? 0, label: null }];
  const primaryId = PRIMARY[pair];
  if (primary && primaryId !== undefined)
    types.push({ category: 'HUBSPOT_DEFINED', typeId: primaryId, label: 'Primary' });
  return types;
}
