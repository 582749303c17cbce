"""The lines that random notebooks are made of: each a text with holes, by the kinds of values that it takes and makes.

<kind>    a name that has a value of this kind          <=kind>  a name that gets one
<int>     a name of an integer, or a digit              <N>      a digit
<=F:kind> a name for a function or class of this kind
"""

PLAIN = """
<=int> = <int> + <N>
<=int> = <N>
<=int> = len(<list>)
<=int> = sum(<list>)
<=int> = (<list> + [0])[-1]
<=int> = <dict>.get('k', 0)
<=int> = [i for i in <list> if i > <int>][:1] and <int> or <N>
<=int> = sorted(<list> + [1], key=lambda i: -i * <int>)[0]
<=int> = (lambda *a, **k: len(a) + len(k))(*<list>, **<dict>)
<=int> = next((i for i in <list> if i > <N>), <int>)
<=int> = max(<list>, default=<int>)
<=int>, *<=list> = <list> + [1]
<=int>, <=int> = <int>, <int>
<=int> = <=int> = <int>
print(<=int> := <int> + 1)
<=list> = [(<=int> := i) for i in <list> + [1]]
<int=> += <N>
<int=> -= <int>
<=list> = [<N>, <N>]
<=list> = [<int>, <int>, <int>]
<=list> = <list>
<=list> = <list>[:]
<=list> = <list> + <list>[:1]
<=list> = <list> or [<N>]
<=list> = <list> if <int> else <list>
<=list>, <=list> = <list>, <list>
<=list> = [i + <int> for i in <list>]
<=list> = [i for x in <nest> for i in x]
<=list> = sorted(<list>, reverse=True)
<=list> = sorted(<set>)
<=list> = list(<dict>.values())
<=list> = <nest>[0]
<=list> = <nest>[-1][:]
<=list> = <dlist>['k']
<=list> = <dlist>.get('k')
<=list> = next(iter(<dlist>.values()))
<=list> = <nest>.pop() if len(<nest>) > 1 else <list>
<=list> = [x.append(<N>) or len(x) for x in <nest>]
<list>.append(<int>)
<list>.append(<N>)
<list>.extend(<list>[:2])
<list>.insert(0, <N>)
<list>.sort()
<list>.reverse()
<list>.clear()
<list>[:1] = [<int>, <N>]
<list>[:] = <list>[:3]
del <list>[:1]
<list=> += [<N>]
<list=> *= 2
<=nest> = [<list>, <list>]
<=nest> = [<list>] * 2
<=nest> = [*<nest>]
<=nest> = list(<nest>)
<=nest> = [x for x in <nest>]
<=nest> = copy.deepcopy(<nest>)
<=nest> = list(zip(<list>, <list>)) and [<list>]
<nest>.append(<list>)
<nest>[0].append(<N>)
<nest>[-1] = <list>
<nest=> += [<list>]
<=dlist> = {'k': <list>}
<=dlist> = dict(k=<list>, j=<list>)
<=dlist> = dict(<dlist>)
<=dlist> = {**<dlist>}
<=dlist> = <dlist>
<=dlist> = <dlist>.copy()
<=dlist> = {'k': x for x in <nest>}
<dlist>['k'].append(<N>)
<dlist>['k'] = <list>
<dlist>.setdefault('z', <list>).append(<N>)
<dlist>.update(k=<list>)
<=dict> = {'k': <int>}
<=dict> = {str(i): i for i in <list>}
<=dict> = <dict>
<=dict> = <dict> | {'m': <N>}
<dict>['j'] = <int>
<dict>.update(k=<int>)
<dict>.pop('j', None)
<dict=> |= {'m': <int>}
<=set> = set(<list>)
<=set> = {i % 3 for i in <list>}
<=set> = <set>
<set>.add(<int>)
<set>.discard(<N>)
<set=> |= {<N>}
<=str> = f'{<int>}-{len(<list>)}'
<=str> = f'{<list>[:2]!r:>{<N>}}' + str(<dict>)
<=str> = '%s' % (<list>,)
<=str> = '{}'.format(<set>)
print(<list>, <dict>)
print(f'{<int>}')
<list>
"""

NUMBERS = """
<=arr> = np.arange(<N> + 3)
<=arr> = np.array(<list> + [1, 2])
<=arr> = <arr>
<=arr> = <arr>[:2]
<=arr> = <arr>[::-1]
<=arr> = <arr>.reshape(-1)
<=arr> = np.asarray(<arr>)
<=arr> = <arr>.copy()
<=arr> = <arr> + 1
<=arr> = <arr>.T
<=arr> = np.where(<arr> > <int>, <arr>, 0)
<arr>[0] = <N>
<arr>[:] = <N>
<arr>.sort()
<arr>.fill(<N>)
np.add(<arr>, 1, out=<arr>)
<arr=> += 1
<arr=> *= 2
<arr>[<arr> > 1] = 0
<=int> = int(<arr>.sum())
<=list> = <arr>.tolist()
<=nest> = [<arr>.tolist()]
np.random.seed(<N>)
<=int> = int(np.random.randint(10))
<=arr> = np.random.rand(3)
<=arr> = np.random.permutation(<arr>)
np.random.shuffle(<arr>)
<=rng> = np.random.default_rng(<N>)
<=rng> = <rng>
<=int> = int(<rng>.integers(10))
<=arr> = <rng>.normal(size=3)
<rng>.shuffle(<arr>)
<=list> = [int(<rng>.integers(5)) for _ in range(2)]
<=rng> = np.random.RandomState(<N>)
random.seed(<N>)
<=int> = random.randint(0, 9)
<=list> = random.sample(range(9), 3)
random.shuffle(<list>)
<=rnd> = random.Random(<N>)
<=int> = <rnd>.randint(0, 9)
<rnd>.shuffle(<list>)
<=rnd> = <rnd>
"""

FRAMES = """
<=df> = pd.DataFrame({'a': (<list> + [1, 2, 3])[:3], 'b': range(3)})
<=df> = <df>
<=df> = <df>.copy()
<=df> = <df>[['a', 'b']]
<=df> = <df>[<df>['b'] >= <int>]
<=df> = <df>.assign(d=<int>)
<=df> = <df>.assign(d=lambda t: t['a'] + <int>)
<=df> = <df>.query('b >= @<intvar>')
<=df> = <df>.apply(lambda c: c + <int>)
<=df> = <df>.sort_values('b')
<=df> = <df>.merge(<df>[['b']], on='b', how='left')
<=df> = pd.concat([<df>, <df>], ignore_index=True)
<=df> = <df>.pipe(lambda t: t.head(<N>))
<=df> = <df>.fillna(<int>)
<df>['c'] = <int>
<df>['a'] += <int>
<df>.loc[0, 'a'] = <int>
<df>.loc[<df>['b'] > 0, 'c'] = <N>
<df>.sort_values('b', ascending=False, inplace=True)
<df>.rename(columns={'c': 'e'}, inplace=True)
<df>.drop(columns=['e'], errors='ignore', inplace=True)
<df>.columns = list(<df>.columns)
<df>.attrs['n'] = <int>
<=int> = <df>.attrs.get('n', <N>)
<df=> *= 2
<=ser> = <df>['a']
<=ser> = <df>['a'] + <int>
<=ser> = <df>['b'].map(lambda i: i + <int>)
<=ser> = <ser>
<ser>.iloc[0] = <int>
<ser>.name = 's'
<ser=> += 1
<=int> = int(<ser>.sum())
<=int> = int(<df>['a'].sum())
<=int> = int(<df>.eval('a + b').sum())
<=list> = <df>['a'].tolist()
<=dict> = <df>['a'].to_dict()
<=int> = int(<df>.groupby('b')['a'].sum().iloc[0])
<=list> = [int(r.b) for r in <df>.itertuples()]
<df>.head()
<df>.describe()
"""

# what shares an object with what it came from, in roundabout ways
SHARES = """
<=list> = <dlist>.get('q', <list>)
<=list> = <dlist>.setdefault('y', <list>)
<=list> = <dlist>.pop('z', <list>)
<=list> = max(<nest>, key=len, default=<list>)
<=list> = min([], default=<list>)
<=list> = next(iter([]), <list>)
<=list> = getattr(<dlist>, 'nothing', <list>)
<=list> = operator.itemgetter('k')(<dlist>)
<=list> = list(map(operator.itemgetter(0), [<nest>]))[0]
<=list> = functools.reduce(lambda x, y: y, <nest>, <list>)
<=list> = [*<nest>, <list>][0]
<=list> = {'k': <list>, **<dlist>}['k']
<=list> = collections.ChainMap({}, <dlist>)['k']
<=list>, *_ = <nest>
(<list> if <int> else <nest>[0]).append(<N>)
(<dlist>.get('q') or <list>).append(<N>)
<dlist>.get('q', <list>).append(<N>)
<dlist>.setdefault('y', []).append(<N>)
<dlist>['k'] += [<N>]
<dlist>['k'] += <list>[:1]
<nest>[0] += [<N>]
<nest>[-1] *= 2
[x.reverse() for x in <dlist>.values()]
list(map(list.append, <nest>, [<N>]))
list(itertools.starmap(list.append, [(<list>, <N>)]))
<=nest> = sorted(<nest>, key=lambda v: v.append(<N>) or len(v))
<=nest> = list(itertools.chain(<nest>, [<list>]))
<=nest> = list(filter(None, <nest>)) or [<list>]
<=nest> = <nest>[:1] + [<list>]
<=nest> = [v for _, v in sorted(<dlist>.items())]
<=nest> = list(collections.deque(<nest>, maxlen=2))
<=nest> = [x for x, _ in zip(<nest>, range(3))] or [<list>]
<=nest> = list(reversed(<nest>))
<=dlist> = dict.fromkeys('kj', <list>)
<=dlist> = <dlist> | {'j': <list>}
<=dlist> = dict(zip('kj', <nest>)) or {'k': <list>}
<=dlist> = collections.defaultdict(lambda: <list>, k=[<N>])
<=dlist> = collections.OrderedDict(k=<list>)
<=ns> = types.SimpleNamespace(v=<list>)
<=ns> = copy.copy(<ns>)
<=ns> = <ns>
<ns>.v.append(<N>)
<ns>.v += [<N>]
<ns>.v = <list>
setattr(<ns>, 'v', <list>)
<=list> = <ns>.v
<=list> = vars(<ns>)['v']
<=list> = getattr(<ns>, 'w', <list>)
<=nest> = [<ns>.v]
<=dlist> = {'k': <ns>.v}
<=dlist> = dict(vars(<ns>), k=<list>)
"""

STATE = """
plt.rcParams['lines.linewidth'] = <N>
<=int> = int(plt.rcParams['lines.linewidth'])
pd.set_option('display.max_rows', <N> + 1)
<=int> = pd.get_option('display.max_rows')
pd.options.display.max_columns = <N> + 2
<=int> = pd.options.display.max_columns
np.set_printoptions(threshold=<N> + 1)
<=int> = np.get_printoptions()['threshold']
<=str> = repr(<arr>)
os.environ['FUZZ'] = '<N>'
<=str> = os.environ.get('FUZZ', '')
<=str> = os.getenv('FUZZ', 'none')
os.environ.pop('FUZZ', None)
warnings.simplefilter('ignore')
warnings.filterwarnings('error', category=UserWarning)
<=int> = len(warnings.filters)
warnings.resetwarnings()
<df>.to_csv('t.csv', index=False)
<=df> = pd.read_csv('t.csv') if os.path.exists('t.csv') else <df>
pathlib.Path('f.txt').write_text(str(<int>))
<=str> = pathlib.Path('f.txt').read_text() if os.path.exists('f.txt') else ''
<=list> = sorted(os.listdir('.'))
"""

# texts of several lines; a line that begins with | stands in the text above it
BLOCKS = """
try:
|    warnings.warn('w')
|    <=int> = 0
|except UserWarning:
|    <=int> = 1
with open('f.txt', 'a') as h:
|    h.write('<N>')
for <=int> in <list>[:2]:
|    <list>.append(<N>)
|    if <int> > 3:
|        break
|else:
|    <=int> = <N>
for i in range(3):
|    if i == <N>:
|        continue
|    <list>.append(i)
for x in <nest>[:2]:
|    x.append(<N>)
for k, v in list(<dlist>.items()):
|    v.append(<int>)
while len(<list>) > <N>:
|    <list>.pop()
try:
|    <list>[<N>] = <int>
|except IndexError as e:
|    <=str> = str(e)
|finally:
|    <list>.append(<N>)
try:
|    <=int> = <dict>['zz']
|except KeyError:
|    <=int> = <N>
|else:
|    <list>.clear()
with contextlib.suppress(IndexError):
|    <list>[<N>] = 0
|    <list>.append(<N>)
match <list>[:2]:
|    case [x, y]:
|        <=int> = x + y
|    case [x]:
|        <=int> = x
|    case _:
|        <=int> = <N>
match <dict>:
|    case {'k': v}:
|        <=int> = v
|    case _:
|        <=int> = 0
if <int> > <N>:
|    <=list> = [<N>]
if len(<list>) > <N>:
|    <list>.append(<N>)
|else:
|    <=list> = <list>
"""


def texts_of(table: str) -> tuple[str, ...]:
    """The templates of a table, those of several lines put together."""
    found: list[str] = []
    for line in table.strip().split("\n"):
        if line.startswith("|"):
            found[-1] += "\n" + line[1:]
        else:
            found.append(line)
    return tuple(found)
