import { field, picklist, reference, systemField } from './field.ts';
import { nameOf, objectSchema } from './object-schema.ts';
import type { ObjectSchema } from './state.ts';

const flag = (name: string) => field(name, 'boolean', { nillable: false });
const text = (name: string, length = 255) => field(name, 'string', { length });

/** Objects of an org's set-up: people, their rights, and what describes the org. */
export const setupObjects = (): ObjectSchema[] => [
  objectSchema('User', {
    prefix: '005',
    without: ['IsDeleted'],
    fields: [
      text('Username', 80),
      field('LastName', 'string', { length: 80, nillable: false }),
      text('FirstName', 40),
      systemField('Name', 'string', { nameField: true, label: 'Full Name' }),
      field('Email', 'email', { nillable: false }),
      text('Alias', 8),
      text('Title', 80),
      flag('IsActive'),
      picklist('UserType', ['Standard', 'AutomatedProcess', 'Guest']),
      text('TimeZoneSidKey', 40),
      reference('ProfileId', ['Profile']),
      reference('ManagerId', ['User'], { relationshipName: 'Manager' }),
    ],
  }),
  objectSchema('Profile', {
    prefix: '00e',
    system: true,
    without: ['IsDeleted'],
    fields: [nameOf('Name'), text('UserType')],
  }),
  objectSchema('RecordType', {
    prefix: '012',
    system: true,
    without: ['IsDeleted'],
    fields: [nameOf('Name'), text('DeveloperName', 80), text('SobjectType', 40), flag('IsActive'), text('Description')],
  }),
  objectSchema('Organization', {
    prefix: '00D',
    system: true,
    without: ['IsDeleted'],
    fields: [
      nameOf('Name'),
      text('OrganizationType', 40),
      text('TimeZoneSidKey', 40),
      text('InstanceName', 5),
      flag('IsSandbox'),
      text('DefaultLocaleSidKey', 40),
      text('LanguageLocaleKey', 40),
      text('NamespacePrefix', 15),
    ],
  }),
  objectSchema('PermissionSet', {
    prefix: '0PS',
    without: ['IsDeleted'],
    fields: [
      field('Name', 'string', { nillable: false, length: 80 }),
      text('Label', 80),
      reference('ProfileId', ['Profile'], { createable: false, updateable: false }),
      systemField('IsOwnedByProfile', 'boolean'),
    ],
  }),
  objectSchema('PermissionSetAssignment', {
    prefix: '0Pa',
    without: ['IsDeleted', 'CreatedDate', 'CreatedById', 'LastModifiedDate', 'LastModifiedById'],
    fields: [
      reference('PermissionSetId', ['PermissionSet'], { nillable: false }),
      reference('AssigneeId', ['User'], { nillable: false, relationshipName: 'Assignee' }),
    ],
  }),
  objectSchema('FieldPermissions', {
    prefix: '01k',
    plural: 'Field Permissions',
    without: ['IsDeleted', 'CreatedDate', 'CreatedById', 'LastModifiedDate', 'LastModifiedById'],
    fields: [
      reference('ParentId', ['PermissionSet'], { nillable: false, relationshipName: 'Parent' }),
      field('SobjectType', 'string', { nillable: false }),
      field('Field', 'string', { nillable: false }),
      flag('PermissionsRead'),
      flag('PermissionsEdit'),
    ],
  }),
];

/** Objects whose rows are set-up: only "Customize Application" may write them. */
export const SETUP_OBJECTS: ReadonlySet<string> = new Set([
  'User',
  'PermissionSet',
  'PermissionSetAssignment',
  'FieldPermissions',
]);
