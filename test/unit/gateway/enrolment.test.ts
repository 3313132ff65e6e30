import { type EnrolFacts, judgeEnrolment } from '../../../server/gateway/enrolment.js';
import type { Place } from '../../../server/gateway/places.js';
import { assert, suite } from '../../suite.js';

const REQUEST = { cluster: 'shop', role: 'app', batch: 'b-1', token: 't', machine: 'i-1' };
const place: Place = {
  cluster: 'shop',
  instance: 'app-1',
  uid: 'u',
  role: 'app',
  roles: [],
  batch: 'b-1',
  machine: 'i-1',
  spoken: false,
};
const batch = {
  id: 'b-1',
  zone: 'a',
  imageId: '',
  instanceType: '',
  parametersHash: '',
  slots: [],
  createdAt: '',
  gateways: [],
};

const ROWS: readonly { readonly name: string; readonly facts: Partial<EnrolFacts>; readonly is: string }[] = [
  { name: 'bound to a slot of its batch: admitted', facts: {}, is: 'Admit' },
  { name: 'a wrong token: refused, whatever else holds', facts: { tokenHolds: false }, is: 'BadToken' },
  { name: 'not bound while the batch is open: asked to wait', facts: { place: null }, is: 'NotYet' },
  {
    name: 'not bound and the batch is closed: refused',
    facts: { place: null, batch: { ...batch, closed: true } },
    is: 'NotOfBatch',
  },
  { name: 'a batch nobody knows: refused', facts: { place: null, batch: null }, is: 'NotOfBatch' },
  {
    name: 'a machine of another batch: refused',
    facts: { place: { ...place, batch: 'b-2' } },
    is: 'NotOfBatch',
  },
  { name: 'a doomed machine: refused', facts: { place: { ...place, batch: null } }, is: 'NotOfBatch' },
  {
    name: 'another role than its slot: refused',
    facts: { place: { ...place, role: 'db' } },
    is: 'NotOfBatch',
  },
  { name: 'a credential that was used: refused', facts: { place: { ...place, spoken: true } }, is: 'Spent' },
  { name: 'used, though not recorded yet: refused', facts: { inUse: true }, is: 'Spent' },
  { name: 'bound, though the batch is closed by now: admitted', facts: { batch: null }, is: 'Admit' },
];

const enrolment = suite('who may enrol');

for (const row of ROWS)
  enrolment(row.name, () => {
    const verdict = judgeEnrolment(REQUEST, { tokenHolds: true, place, batch, inUse: false, ...row.facts });
    assert.is(verdict._tag === 'Refuse' ? verdict.reason : verdict._tag, row.is);
  });
