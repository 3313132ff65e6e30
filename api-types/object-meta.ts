/** `metadata` of every object, as a codec: what its fields mean, for the schema. */
import * as t from 'io-ts';
import { described } from './described.js';
import { Owner } from './metadata.js';
import { Integer, Time, fields } from './words.js';

const OwnerReference = t.strict(
  {
    ...Owner.type.props,
    apiVersion: described(t.string, 'The group and version of the owner.'),
    controller: described(t.boolean, 'Always true: owners make and remove what they own.'),
  },
  'OwnerReference',
);

const ManagedFields = fields(
  'ManagedFields',
  {},
  {
    manager: described(t.string, 'The name under which the fields were set.'),
    operation: described(
      t.string,
      'Apply: by server-side apply, whoever else sets them has a conflict. Update: by any other write.',
    ),
    apiVersion: described(t.string, 'The version that the fields are named in.'),
    time: described(Time, 'When the set of fields was last changed.'),
    fieldsType: described(t.string, 'The form of `fieldsV1`: FieldsV1.'),
    fieldsV1: described(t.UnknownRecord, 'The fields, each as a key that starts with "f:".'),
    subresource: described(t.string, 'The subresource that they were set through, as scale.'),
  },
);

export const ObjectMetaFields = fields(
  'ObjectMeta',
  {},
  {
    name: described(
      t.string,
      'The name of the object: a DNS label of at most 63 characters, since host names are made of it. It cannot be changed.',
    ),
    generateName: described(
      t.string,
      'A beginning that the control plane completes to a name nobody has, when `name` is not given.',
    ),
    namespace: described(
      t.string,
      'The Cluster that the object is in; empty for kinds that are in none. It cannot be changed.',
    ),
    uid: described(
      t.string,
      'Tells this object from others that had or will have its name. Given by the control plane.',
    ),
    resourceVersion: described(
      t.string,
      'The version of the object. A write that names one is refused when the object has changed since.',
    ),
    generation: described(Integer, 'Grows with each change of the spec. Given by the control plane.'),
    creationTimestamp: described(Time, 'When the object was made.'),
    deletionTimestamp: described(
      Time,
      'When the object was deleted. It is there until everything behind it is torn down.',
    ),
    labels: described(
      t.record(t.string, t.string),
      'Names and values to select objects by; short, and free to use.',
    ),
    annotations: described(
      t.record(t.string, t.string),
      'Names and values that tools keep with the object; not selected by.',
    ),
    ownerReferences: described(
      t.readonlyArray(OwnerReference),
      'The object that made this one and takes it along when it goes.',
    ),
    finalizers: described(t.readonlyArray(t.string), 'Who must be done with the object before it is gone.'),
    managedFields: described(
      t.readonlyArray(ManagedFields),
      'Who set which fields: what conflicts of server-side apply are found by.',
    ),
  },
);
