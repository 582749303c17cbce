"""More lines of random notebooks: functions and classes, and what uses them. See templates.py for the holes."""

FUNCTIONS = """
def <=F:fn>(p):
|    return p + <intvar>
def <=F:fn>(p):
|    return p + len(<list>)
def <=F:fn>(p, q=<int>):
|    return p + q
def <=F:fn>(p, *a, k=<int>, **kw):
|    return p + len(a) + k + len(kw)
def <=F:fn>(p):
|    global <intvar>
|    <intvar> = p
|    return p
def <=F:fn>(p):
|    <list>.append(p)
|    return len(<list>)
def <=F:fn>(p):
|    x = <list>
|    x.append(p)
|    return x[0]
def <=F:fn>(p):
|    return 1 if p <= 0 or p > 5 else p + <intvar>
def <=F:fn>(p):
|    return <fn>(p) + 1
def <=F:fn>(p):
|    return sum(i for i in <list>) + <int>
def <=F:fn>(p):
|    <dlist>['k'].append(p)
|    return p
def <=F:fn>(p):
|    <df>['q'] = p
|    return p
def <=F:fn>(p):
|    return p + random.randint(0, 3)
def <=F:fn>(p, acc=[]):
|    acc.append(p)
|    return len(acc)
def make():
|    n = <N>
|    def inner(p):
|        nonlocal n
|        n += 1
|        return n + p
|    return inner
|<=F:fn> = make()
def make(v):
|    def inner(p):
|        return p + len(v)
|    return inner
|<=F:fn> = make(<list>)
def deco(fn):
|    def wrapped(*a, **k):
|        <list>.append(1)
|        return fn(*a, **k)
|    return wrapped
|@deco
|def <=F:fn>(p):
|    return p
@functools.lru_cache
|def <=F:fn>(p):
|    <list>.append(p)
|    return p
@functools.wraps(<fn>)
|def <=F:fn>(p):
|    return <N>
<=F:fn> = lambda p: p + <intvar>
<=F:fn> = lambda p, q=<int>: p + q
<=F:fn> = functools.partial(pow, 2)
<=F:fn> = functools.partial(lambda v, p: len(v) + p, <list>)
<=F:fn> = <fn>
<=F:fn> = <obj>.add
def <=F:lfn>(p):
|    p.append(<N>)
|    return p
def <=F:lfn>(p):
|    <nest>.append(p)
|    return p
def <=F:lfn>(p):
|    return <list>
def <=F:lfn>(p):
|    p = p + [<N>]
|    p.append(1)
|    return p
def <=F:lfn>(p):
|    q = p
|    q += [1]
|    return [*q]
def <=F:lfn>(p):
|    for i, v in enumerate(p):
|        p[i] = v + 1
|    return p
<=F:lfn> = sorted
def <=F:gfn>(n):
|    for i in range(n):
|        yield i + <intvar>
def <=F:gfn>(n):
|    <list>.append(n)
|    yield from <list>[:3]
"""

CLASSES = """
class <=F:cls>:
|    def __init__(self, v):
|        self.v = v
|        self.items = []
|        self.hook = abs
|    def add(self, x):
|        self.items.append(x)
|        return len(self.items)
|    def take(self, xs):
|        xs.append(self.v)
|        return self
class <=F:cls>:
|    def __init__(self, v):
|        self.v = v
|        self.items = <list>
|        self.hook = abs
|    def add(self, x):
|        self.v += x
|        return self.v
|    def take(self, xs):
|        self.items = xs
|        return self
class <=F:cls>:
|    made = []
|    hook = staticmethod(abs)
|    def __init__(self, v):
|        self.v = v
|        self.items = [v]
|    def add(self, x):
|        return x + <intvar>
|    def take(self, xs):
|        self.items.extend(xs[:2])
|        return self
@dataclasses.dataclass
|class <=F:cls>:
|    v: int = 0
|    items: list = dataclasses.field(default_factory=list)
|    hook: object = abs
|    def add(self, x):
|        self.v += 1
|        self.items.append(x)
|        return self.v
|    def take(self, xs):
|        xs.append(self.v)
|        return self
class <=F:cls>:
|    items = <list>
|    hook = staticmethod(abs)
|    def __init__(self, v):
|        self.v = v
|    def add(self, x):
|        return len(self.items)
|    def take(self, xs):
|        self.items += xs[:1]
|        return self
class <=F:cls>:
|    hook = staticmethod(abs)
|    v = <N>
|    def __init__(self, v):
|        pass
|    def __getattr__(self, name):
|        return {'items': <list>}[name]
|    def add(self, x):
|        return len(self.items)
|    def take(self, xs):
|        xs += self.items[:1]
|        return self
class <=F:cls>:
|    hook = staticmethod(abs)
|    v = <N>
|    def __init__(self, v):
|        self.inner = <dlist>
|    @property
|    def items(self):
|        return self.inner['k']
|    def add(self, x):
|        return len(self.inner)
|    def take(self, xs):
|        self.inner['k'] = xs
|        return self
class <=F:cls>(dict):
|    hook = staticmethod(abs)
|    def __init__(self, v):
|        self.v = v
|        self.items = []
|    def add(self, x):
|        self[x] = self.v
|        return len(self)
|    def take(self, xs):
|        self['xs'] = xs
|        return self
|    def __iadd__(self, x):
|        self.v += x
|        return self
"""

USES = """
<=int> = <fn>(<int>)
<fn>(<int>)
<=int> = <fn>(<fn>(<int>))
<=list> = list(map(<fn>, <list>))
<=list> = [<fn>(i) for i in <list>]
<=list> = sorted(<list>, key=<fn>)
<=ser> = <df>['b'].map(<fn>)
<=df> = <df>.assign(d=lambda t: t['b'].map(<fn>))
<=flist> = [<fn>]
<flist>.append(<fn>)
<=int> = <flist>[0](<int>)
<=int> = <flist>[-1](<N>)
<=list> = <lfn>(<list>)
<lfn>(<list>)
<=list> = <lfn>(p=<list>) if <int> < 0 else <list>
<=nest> = [<lfn>(<list>)]
[<lfn>(x) for x in <nest>]
<=list> = list(<gfn>(<N>))
<=gen> = <gfn>(3)
<=gen> = (i + <int> for i in <list>)
<=gen> = iter(<list>)
<=int> = next(<gen>, 0)
<=list> = list(<gen>)
<=obj> = <cls>(<int>)
<=obj> = <cls>(v=<int>)
<=obj> = <obj>
<=obj> = copy.copy(<obj>)
<=obj> = <obj>.take(<list>)
<obj>.take(<list>)
<obj>.add(<int>)
<=int> = <obj>.add(<int>)
<obj>.v = <int>
<obj>.v += 1
<obj>.items = <list>
<obj>.items.append(<N>)
<=list> = list(<obj>.items)
<=list> = <obj>.items
<obj>.hook = <fn>
<=int> = <obj>.hook(<int>)
<=int> = <obj>.v
setattr(<obj>, 'v', <int>)
<=int> = getattr(<obj>, 'v', <N>)
<=nest> = [<obj>.items]
<=dlist> = vars(<obj>) and {'k': <obj>.items}
<=olist> = [<obj>]
<olist>[0].v = <N>
<olist>[0].items.append(<N>)
<=obj> = <olist>[0]
for o in <olist>:
|    o.add(<N>)
with contextlib.ExitStack() as h:
|    h.callback(<list>.append, <N>)
"""
