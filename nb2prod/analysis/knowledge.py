"""What is known of other people's functions: what mutates, what is pure, what aliases, what touches hidden state.

Method names stand for every library that uses them, since a receiver's type is rarely known statically. A method in
no table may mutate its receiver; a library function in no table leaves its arguments alone.
"""

import re

USED_UP_KINDS = frozenset({"iterator", "file", "connection"})  # reading them changes them
IMMUTABLE_KINDS = frozenset({"int", "float", "complex", "str", "bytes", "bool", "tuple", "NoneType", "range"})
MUTABLE_KINDS = frozenset({"list", "dict", "set", "ndarray", "frame", "defaultdict"})
LIVE_KINDS = frozenset({"iterator", "file", "connection", "dictview", "memoryview"})  # cannot cross the edge of a step

MUTATING_METHODS = frozenset(
    """
    append extend insert remove clear sort reverse add discard update setdefault popitem pop appendleft popleft
    extendleft rotate difference_update intersection_update symmetric_difference_update
    fit fit_transform fit_predict fit_resample partial_fit set_params compile fit_regularized fit_constrained
    setflags itemset partition fill resize put byteswap set_output
    eliminate_zeros sum_duplicates sort_indices setdiag
    shuffle seed normal random uniform integers choice permutation permuted standard_normal bit_generator
    poisson binomial exponential gamma beta multivariate_normal randint rand randn random_sample
    getrandbits randrange gauss betavariate lognormal laplace logistic multinomial dirichlet geometric weibull pareto
    write writelines read readline readlines close seek truncate send throw execute executemany commit rollback
    fetchone fetchall fetchmany set_index_inplace isetitem
    register load_state_dict backward step zero_grad train eval requires_grad_
    """.split()
)

# methods that give something new and leave the receiver as it was
PURE_METHODS = frozenset(
    """
    head tail copy describe dropna fillna drop rename reset_index set_index sort_values sort_index assign merge join
    astype apply map applymap transform agg aggregate groupby pivot pivot_table melt stack unstack explode query
    filter where mask clip round abs sum mean median std var min max mode count nunique unique value_counts
    quantile corr cov cumsum cumprod cummax cummin diff shift rolling expanding ewm resample rank isna isnull notna
    notnull isin between duplicated drop_duplicates nlargest nsmallest idxmax idxmin to_numpy to_list tolist
    to_dict to_frame to_string to_datetime to_period to_timestamp items keys values iterrows itertuples get
    select_dtypes interpolate replace concat equals any all argmax argmin argsort searchsorted dot prod ptp
    conj real imag nonzero repeat cumulative toarray todense tocsr tocsc tocoo getnnz add_prefix add_suffix
    crosstab cut qcut factorize memory_usage first last nth ngroup size mad sem skew kurt
    combine_first reindex reindex_like align xs squeeze pipe asfreq tz_localize tz_convert normalize strftime
    year month day dayofweek total_seconds isoformat
    sub mul div truediv floordiv mod pow radd rsub rmul rdiv eq ne lt le gt ge
    predict predict_proba predict_log_proba decision_function score score_samples transform inverse_transform
    get_params get_feature_names_out summary summary2 conf_int cov_params get_prediction summary_frame forecast
    get_forecast f_test t_test wald_test pvalues tables as_html as_latex as_text
    upper lower strip lstrip rstrip split rsplit splitlines join startswith endswith format find index title
    capitalize encode decode isdigit isalpha isalnum zfill center ljust rjust partition casefold removeprefix
    removesuffix count union intersection difference symmetric_difference issubset issuperset most_common elements
    item flatten ravel reshape transpose swapaxes view diagonal trace
    date time weekday timestamp timetuple as_posix exists is_file is_dir with_suffix resolve relative_to
    """.split()
)

# methods of models: they give something new, and may leave a trace in the model (statsmodels keeps the last dates that
# were asked for); so a call that ends a cell stays, although nobody sees what it gives
MODEL_METHODS = frozenset(
    """
    predict predict_proba predict_log_proba decision_function score score_samples transform inverse_transform
    summary summary2 conf_int cov_params get_prediction summary_frame forecast get_forecast f_test t_test wald_test
    tables as_html as_latex as_text pipe apply map applymap
    """.split()
)

# methods that leave their receiver alone and do something else, such as drawing or writing
QUIET_METHODS = frozenset(
    """
    plot hist boxplot scatter bar line info show savefig to_csv to_parquet to_pickle to_excel to_json to_hdf to_sql
    to_feather to_stata to_html to_latex to_clipboard print_topics plot_diagnostics sample split
    """.split()
)

# pure methods whose result shares memory with the receiver
VIEW_METHODS = frozenset(
    """
    reshape ravel transpose swapaxes view diagonal squeeze get values items keys groupby rolling setdefault
    pop popitem iterrows itertuples apply map filter pipe get_params to_numpy asfreq stack unstack
    """.split()
)

# methods of plain containers and files: what the receiver holds stays as it is
CONTAINER_METHODS = frozenset(
    """
    append extend insert remove clear sort reverse add discard update setdefault popitem pop appendleft popleft
    extendleft rotate difference_update intersection_update symmetric_difference_update
    write writelines read readline readlines close seek truncate
    """.split()
)

# methods that change their arguments: the positions
ARGUMENT_METHODS = {"shuffle": (0,), "readinto": (0,), "writelines": (0,)}

# keywords by which a generator is given to be drawn from
GENERATOR_KEYWORDS = frozenset({"random_state", "rng", "seed", "generator"})

SELF_METHODS = frozenset("fit partial_fit set_params set_output compile train eval".split())

PURE_BUILTINS = frozenset("len type isinstance issubclass abs round repr str int float bool id hash callable".split())

IMMUTABLE_CALLS = {
    "len": "int",
    "int": "int",
    "float": "float",
    "str": "str",
    "bool": "bool",
    "repr": "str",
    "round": "float",
    "abs": "float",
    "ord": "int",
    "chr": "str",
    "format": "str",
    "id": "int",
    "hash": "int",
    "isinstance": "bool",
    "callable": "bool",
    "range": "range",
    "type": "type",
    "tuple": "tuple",
    "time.time": "float",
    "time.perf_counter": "float",
}

KIND_CALLS = {
    "memoryview": "memoryview",
    "list": "list",
    "sorted": "list",
    "dict": "dict",
    "set": "set",
    "iter": "iterator",
    "map": "iterator",
    "filter": "iterator",
    "zip": "iterator",
    "enumerate": "iterator",
    "reversed": "iterator",
    "open": "file",
    "io.open": "file",
    "gzip.open": "file",
    "sqlite3.connect": "connection",
    "numpy.random.default_rng": "rng",
    "numpy.random.RandomState": "rng",
    "random.Random": "rng",
    "collections.defaultdict": "defaultdict",
    "collections.OrderedDict": "dict",
    "collections.Counter": "dict",
}

# functions that mutate arguments: the positions that they change
MUTATING_FUNCTIONS: dict[str, tuple[int, ...]] = {
    "setattr": (0,),
    "delattr": (0,),
    "next": (0,),
    "anext": (0,),
    "random.shuffle": (0,),
    "numpy.random.shuffle": (0,),
    "numpy.fill_diagonal": (0,),
    "numpy.copyto": (0,),
    "numpy.put": (0,),
    "numpy.place": (0,),
    "numpy.putmask": (0,),
    "numpy.put_along_axis": (0,),
    "numpy.add.at": (0,),
    "numpy.subtract.at": (0,),
    "heapq.heapify": (0,),
    "heapq.heappush": (0,),
    "heapq.heappop": (0,),
    "heapq.heapreplace": (0,),
    "heapq.heappushpop": (0,),
    "bisect.insort": (0,),
    "bisect.insort_left": (0,),
    "bisect.insort_right": (0,),
    "pickle.dump": (1,),
    "json.dump": (1,),
    "operator.setitem": (0,),
    "operator.delitem": (0,),
    "operator.iadd": (0,),
    "copy.replace": (),
    "sklearn.model_selection.cross_validate": (),
    "itertools.islice": (0,),
}

# builtins and functions that consume an iterator given to them
CONSUMING = frozenset("list tuple set dict sum max min any all sorted frozenset enumerate zip map filter join".split())

# functions whose result is, or holds, what they are given
HOLDING_FUNCTIONS = frozenset(
    """
    list tuple dict set frozenset sorted zip enumerate map filter reversed iter
    functools.partial numpy.vectorize copy.copy contextlib.nullcontext contextlib.closing
    sklearn.pipeline.make_pipeline sklearn.compose.make_column_transformer sklearn.pipeline.make_union
    sklearn.base.clone imblearn.pipeline.make_pipeline
    """.split()
)

# functions whose result may be what they are given, or share its memory: changing one changes the other
ALIASING_FUNCTIONS = frozenset(
    """
    numpy.asarray numpy.asanyarray numpy.ascontiguousarray numpy.asfortranarray numpy.ravel numpy.reshape numpy.squeeze
    numpy.transpose numpy.atleast_1d numpy.atleast_2d numpy.atleast_3d numpy.split numpy.array_split numpy.hsplit
    numpy.vsplit numpy.expand_dims numpy.swapaxes numpy.moveaxis numpy.rollaxis numpy.flip numpy.fliplr numpy.flipud
    numpy.rot90 numpy.diagonal numpy.broadcast_to numpy.broadcast_arrays numpy.real numpy.imag numpy.nan_to_num
    numpy.lib.stride_tricks.sliding_window_view numpy.lib.stride_tricks.as_strided numpy.ma.array numpy.ma.asarray
    numpy.frombuffer numpy.asmatrix collections.ChainMap memoryview
    sklearn.utils.check_array torch.from_numpy torch.as_tensor
    """.split()
)

# functions that keep a function they are given, to call it later
KEEPS_FUNCTIONS = HOLDING_FUNCTIONS | {"functools.wraps", "functools.lru_cache", "sklearn.metrics.make_scorer"}

RNG_CONSTRUCTORS = frozenset("default_rng RandomState Generator SeedSequence PCG64 MT19937 Philox SFC64".split())

RESTORABLE_STATES = frozenset(
    {
        "numpy.random",
        "random",
        "os.environ",
        "cwd",
        "warnings.filters",
        "matplotlib.rcParams",
        "pandas.options",
        "numpy.printoptions",
        "numpy.errstate",
    }
)

_STATE_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), state)
    for pattern, state in (
        (rf"numpy\.random\.(?!(?:{'|'.join(sorted(RNG_CONSTRUCTORS))})\b)[a-z_]\w*", "numpy.random"),
        (r"random\.(?!Random\b|SystemRandom\b)[a-z]\w*", "random"),
        (r"torch\.(manual_seed|rand\w*|normal|bernoulli|multinomial|nn\.init\..*)", "torch.random"),
        (r"tensorflow\.random\..*", "tensorflow.random"),
        (r"os\.(environ\b.*|getenv|putenv|unsetenv)", "os.environ"),
        (r"os\.(chdir|fchdir|getcwd)|pathlib\.Path\.cwd", "cwd"),
        (r"warnings\.(filterwarnings|simplefilter|resetwarnings|filters)\b.*", "warnings.filters"),
        (
            r"(matplotlib|matplotlib\.pyplot|pylab)\.(rcParams\b.*|rc|rc_context|rcdefaults|style\..*)",
            "matplotlib.rcParams",
        ),
        (r"matplotlib\.(use|style\..*)", "matplotlib.rcParams"),
        (
            r"seaborn\.(set|set_theme|set_style|set_context|set_palette|reset_defaults|reset_orig)",
            "matplotlib.rcParams",
        ),
        (r"pandas\.(set_option|get_option|reset_option|option_context|options\b.*)", "pandas.options"),
        (r"numpy\.set_printoptions", "numpy.printoptions"),
        (r"numpy\.(seterr|seterrcall)", "numpy.errstate"),
        (r"(matplotlib\.pyplot|pylab)\..*", "matplotlib.figure"),
        (r"seaborn\.\w*(plot|map|grid|Grid)\w*", "matplotlib.figure"),
        (r".*\.(\w*plot\w*|\w*Display(\.\w+)?|graphics\..*)", "matplotlib.figure"),
        (r"(pandas|polars)\.(read_\w+|ExcelFile|ExcelWriter|HDFStore)", "filesystem"),
        (r"numpy\.(load\w*|save\w*|genfromtxt|fromfile|memmap)", "filesystem"),
        (r"(joblib|pickle|dill|cloudpickle|torch|skops\.io)\.(load|dump|save)", "filesystem"),
        (
            r"(os\.(listdir|walk|scandir|makedirs|mkdir|remove|unlink|rename|replace|rmdir|stat|path\.(exists|getsize|isfile|isdir)))",
            "filesystem",
        ),
        (r"(shutil|glob|tempfile|zipfile|tarfile|urllib|requests|subprocess|sqlite3)\..*", "filesystem"),
        (r"matplotlib\.(pyplot\.)?(savefig|imread|imsave)", "filesystem"),
        (r"(io\.|gzip\.|bz2\.|lzma\.|codecs\.)?open", "filesystem"),
        (r"logging\.(basicConfig|disable|getLogger|captureWarnings)", "logging"),
        (r"locale\.setlocale", "locale"),
        (r"sys\.path\b.*", "sys.path"),
        (r"sys\.[gs]etrecursionlimit", "sys.recursionlimit"),
        (r"sys\.(stdout|stderr)", "sys"),
        (r"sklearn\.set_config", "sklearn.config"),
        (r"decimal\.(getcontext|setcontext)", "decimal.context"),
    )
)

_FILE_METHODS = re.compile(
    r"to_(csv|parquet|pickle|excel|json|hdf|sql|feather|stata|html|latex|orc)$|savefig$|write_(text|bytes)$"
    r"|read_(text|bytes)$|(mkdir|unlink|touch|rmdir|glob|rglob|iterdir|tofile|save|load|remove_data)$"
)
_FIGURE_METHODS = re.compile(r"(\w*plot\w*|hist|boxplot|from_estimator|from_predictions|savefig)$")


def states_of_function(dotted: str) -> tuple[str, ...]:
    """The hidden states that a library's function or attribute touches, by its dotted name."""
    found = [state for pattern, state in _STATE_PATTERNS if pattern.fullmatch(dotted)]
    if "matplotlib.rcParams" in found:
        found = [state for state in found if state != "matplotlib.figure"]
    return tuple(dict.fromkeys(found))


def states_of_method(name: str) -> tuple[str, ...]:
    """The hidden states that a method of that name probably touches, whatever its receiver."""
    files = ("filesystem",) if _FILE_METHODS.match(name) else ()
    return (*files, "matplotlib.figure") if _FIGURE_METHODS.match(name) else files
