TITLE Node of Ranvier of a mammalian fiber

COMMENT
The channels of McIntyre, Richardson, Grill 2002 (doi:10.1152/jn.00353.2001): fast and persistent sodium,
slow potassium, leak. Written from the published equations for `cauda.fiber.oracle`.

No number of the membrane stands here. All are global and are set from the table of the membrane
(`membrane_mrg.json`) before a run, so that the fiber of NEURON and that of cauda have one source. With

    x = (v - mid) / slope

a rate is `rate |slope| x / (1 - exp(-x))` (linoid) or `rate / (1 + exp(-x))` (logistic), and a gate of
opening rate a and closing rate b obeys `dg/dt = q (a (1 - g) - b g)`, q = q10^((celsius - at)/10).
ENDCOMMENT

NEURON {
    SUFFIX cauda_mrg
    NONSPECIFIC_CURRENT i
    RANGE i
    GLOBAL g_naf, e_naf, g_nap, e_nap, g_ks, e_ks, g_leak, e_leak
    GLOBAL m_open_rate, m_open_mid, m_open_slope, m_close_rate, m_close_mid, m_close_slope, m_q10, m_at
    GLOBAL h_open_rate, h_open_mid, h_open_slope, h_close_rate, h_close_mid, h_close_slope, h_q10, h_at
    GLOBAL p_open_rate, p_open_mid, p_open_slope, p_close_rate, p_close_mid, p_close_slope, p_q10, p_at
    GLOBAL s_open_rate, s_open_mid, s_open_slope, s_close_rate, s_close_mid, s_close_slope, s_q10, s_at
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    g_naf (S/cm2)  e_naf (mV)
    g_nap (S/cm2)  e_nap (mV)
    g_ks (S/cm2)  e_ks (mV)
    g_leak (S/cm2)  e_leak (mV)
    m_open_rate (/ms/mV)  m_open_mid (mV)  m_open_slope (mV)
    m_close_rate (/ms/mV)  m_close_mid (mV)  m_close_slope (mV)
    m_q10  m_at (degC)
    h_open_rate (/ms/mV)  h_open_mid (mV)  h_open_slope (mV)
    h_close_rate (/ms)  h_close_mid (mV)  h_close_slope (mV)
    h_q10  h_at (degC)
    p_open_rate (/ms/mV)  p_open_mid (mV)  p_open_slope (mV)
    p_close_rate (/ms/mV)  p_close_mid (mV)  p_close_slope (mV)
    p_q10  p_at (degC)
    s_open_rate (/ms)  s_open_mid (mV)  s_open_slope (mV)
    s_close_rate (/ms)  s_close_mid (mV)  s_close_slope (mV)
    s_q10  s_at (degC)
}

ASSIGNED {
    v (mV)
    celsius (degC)
    i (mA/cm2)
    m_inf  m_tau (ms)
    h_inf  h_tau (ms)
    p_inf  p_tau (ms)
    s_inf  s_tau (ms)
}

STATE { m h p s }

INITIAL {
    rates(v)
    m = m_inf
    h = h_inf
    p = p_inf
    s = s_inf
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    i = g_naf*m*m*m*h*(v - e_naf) + g_nap*p*p*p*(v - e_nap) + g_ks*s*(v - e_ks) + g_leak*(v - e_leak)
}

DERIVATIVE states {
    rates(v)
    m' = (m_inf - m)/m_tau
    h' = (h_inf - h)/h_tau
    p' = (p_inf - p)/p_tau
    s' = (s_inf - s)/s_tau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = linoid(v, m_open_rate, m_open_mid, m_open_slope)
    b = linoid(v, m_close_rate, m_close_mid, m_close_slope)
    m_inf = a/(a + b)
    m_tau = 1/(warmth(m_q10, m_at)*(a + b))

    a = linoid(v, h_open_rate, h_open_mid, h_open_slope)
    b = logistic(v, h_close_rate, h_close_mid, h_close_slope)
    h_inf = a/(a + b)
    h_tau = 1/(warmth(h_q10, h_at)*(a + b))

    a = linoid(v, p_open_rate, p_open_mid, p_open_slope)
    b = linoid(v, p_close_rate, p_close_mid, p_close_slope)
    p_inf = a/(a + b)
    p_tau = 1/(warmth(p_q10, p_at)*(a + b))

    a = logistic(v, s_open_rate, s_open_mid, s_open_slope)
    b = logistic(v, s_close_rate, s_close_mid, s_close_slope)
    s_inf = a/(a + b)
    s_tau = 1/(warmth(s_q10, s_at)*(a + b))
}

FUNCTION linoid(v (mV), rate (/ms/mV), mid (mV), slope (mV)) (/ms) {
    LOCAL x, scale
    x = (v - mid)/slope
    scale = fabs(slope/1(mV))*1(mV)
    if (fabs(x) < 1e-6) {
        linoid = rate*scale*(1 + x/2)
    } else {
        linoid = rate*scale*x/(1 - exp(-x))
    }
}

FUNCTION logistic(v (mV), rate (/ms), mid (mV), slope (mV)) (/ms) {
    logistic = rate/(1 + exp(-(v - mid)/slope))
}

FUNCTION warmth(q10, at (degC)) {
    warmth = q10^((celsius - at)/10(degC))
}
