import { cloudConformance } from '../../conformance/cloud.js';
import { virtualClock } from '../../fake/clock.js';
import { fakeCloud } from '../../fake/cloud.js';

const open = (honoursTokens: boolean) => () => {
  const clock = virtualClock();
  const { cloud } = fakeCloud({
    clock,
    honoursTokens,
    pendingFor: 2000,
    stoppingFor: 500,
    shuttingDownFor: 500,
  });
  return Promise.resolve({
    cloud,
    pass: () => clock.advance(100),
    close: () => Promise.resolve(),
  });
};

cloudConformance('fake', open(true));
cloudConformance('fake without client tokens', open(false));
