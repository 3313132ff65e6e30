import { createPace, type Pace } from '../../../runtime/pace.js';
import { assert, suite } from '../../suite.js';

const rows: readonly (readonly [name: string, does: (pace: Pace) => void, apart: number])[] = [
  ['nothing was run', () => undefined, 0],
  [
    'runs of a group share the time',
    (pace) => {
      pace.spent('shop', 2);
      pace.spent('shop/app', 10);
    },
    48,
  ],
  [
    'the last run of a key counts, and no earlier one',
    (pace) => {
      pace.spent('shop/app', 100);
      pace.spent('shop/app', 10);
    },
    40,
  ],
  [
    'another group is another matter',
    (pace) => {
      pace.spent('shop/app', 10);
      pace.spent('bank/app', 1000);
    },
    40,
  ],
  [
    'what is gone slows nobody any more',
    (pace) => {
      pace.spent('shop', 5);
      pace.spent('shop/old', 500);
      pace.forget('shop/old');
    },
    20,
  ],
  [
    'what was never run can be gone too',
    (pace) => {
      pace.spent('shop', 5);
      pace.forget('bank');
      pace.forget('shop/new');
    },
    20,
  ],
];

const test = suite('how far apart runs are');
for (const [name, does, apart] of rows)
  test(name, () => {
    const pace = createPace();
    does(pace);
    assert.is(pace.apart('shop'), apart);
  });
