import { balancersConformance } from '../../conformance/balancers.js';
import { fakeBalancers } from '../../fake/balancers.js';
import { virtualClock } from '../../fake/clock.js';

const MACHINES = ['i-1', 'i-2', 'i-3'] as const;

const open = (joiningFor: number, drainingFor: number) => () => {
  const clock = virtualClock();
  const fake = fakeBalancers({ clock, joiningFor, drainingFor });
  fake.create('web');
  fake.knows(...MACHINES);
  return Promise.resolve({
    balancers: fake.balancers,
    balancer: 'web',
    machines: MACHINES,
    pass: () => clock.advance(100),
    close: () => Promise.resolve(),
  });
};

balancersConformance('fake', open(500, 2000));
balancersConformance('fake that takes no time', open(0, 0));
