"""The filter of the page. Without it everything can be read all the same.

State lives in the fragment (`#sev=critical,high&verdict=fail&domain=images&q=redis`), so that a view can be sent on.
"""

from __future__ import annotations

SCRIPT = """
(function () {
  'use strict';
  var root = document.documentElement, form = document.getElementById('filter');
  var groups = [].slice.call(document.querySelectorAll('details[data-severity]'));
  var sections = [].slice.call(document.querySelectorAll('section[data-part]'));
  var said = document.getElementById('shown'), none = document.getElementById('none');
  var rows = new Map(), texts = new Map(), total = 0, timer = 0;
  groups.forEach(function (group) {
    var found = [].slice.call(group.querySelectorAll('tbody tr'));
    rows.set(group, found);
    total += found.length;
  });
  function text(element) {
    var known = texts.get(element);
    if (known === undefined) { known = element.textContent.toLowerCase(); texts.set(element, known); }
    return known;
  }
  function head(group) {
    var known = texts.get(group);
    if (known === undefined) {
      known = [].map.call(group.querySelectorAll('summary,.said,.meta'), function (part) {
        return part.textContent; }).join(' ').toLowerCase();
      texts.set(group, known);
    }
    return known;
  }
  function chosen(name) {
    return [].filter.call(form.elements[name], function (box) { return box.checked; })
      .map(function (box) { return box.value; });
  }
  function wanted(list, value) { return list.length === 0 || list.indexOf(value) >= 0; }
  function apply() {
    var severities = chosen('sev'), verdicts = chosen('verdict'), domain = form.elements.domain.value;
    var words = form.elements.q.value.toLowerCase().split(/\\s+/).filter(Boolean), count = 0;
    groups.forEach(function (group) {
      var data = group.dataset, visible = 0;
      if (wanted(severities, data.severity) && wanted(verdicts, data.verdict) && (!domain || domain === data.domain)) {
        var left = words.filter(function (word) { return head(group).indexOf(word) < 0; });
        rows.get(group).forEach(function (row) {
          var fits = left.every(function (word) { return text(row).indexOf(word) >= 0; });
          row.hidden = !fits;
          visible += fits ? 1 : 0;
        });
      }
      group.hidden = visible === 0;
      count += visible;
    });
    sections.forEach(function (section) {
      section.hidden = !section.querySelector('details:not([hidden])');
    });
    said.textContent = count + ' of ' + total + ' shown';
    none.hidden = count > 0 || total === 0;
  }
  function remember() {
    var parts = [];
    ['sev', 'verdict'].forEach(function (name) {
      var list = chosen(name);
      if (list.length) { parts.push(name + '=' + list.join(',')); }
    });
    if (form.elements.domain.value) { parts.push('domain=' + form.elements.domain.value); }
    if (form.elements.q.value) { parts.push('q=' + encodeURIComponent(form.elements.q.value)); }
    try { history.replaceState(null, '', parts.length ? '#' + parts.join('&') : location.pathname + location.search); }
    catch (refused) { /* a sandboxed frame has no history of its own */ }
  }
  function decoded(value) {
    try { return decodeURIComponent(value); } catch (broken) { return value; }
  }
  function recall() {
    var fragment = location.hash.slice(1);
    if (fragment && fragment.indexOf('=') < 0) {
      var target = document.getElementById(fragment);
      for (var step = target; step; step = step.parentElement) {
        if (step.tagName === 'DETAILS') { step.open = true; }
      }
      if (target && target.hidden) { form.reset(); apply(); }
      if (target) { target.scrollIntoView(); }
      return;
    }
    var asked = {};
    fragment.split('&').forEach(function (part) {
      var cut = part.indexOf('=');
      if (cut > 0) { asked[part.slice(0, cut)] = decoded(part.slice(cut + 1)); }
    });
    ['sev', 'verdict'].forEach(function (name) {
      var list = (asked[name] || '').split(',');
      [].forEach.call(form.elements[name], function (box) { box.checked = list.indexOf(box.value) >= 0; });
    });
    form.elements.domain.value = asked.domain || '';
    if (form.elements.domain.selectedIndex < 0) { form.elements.domain.value = ''; }
    form.elements.q.value = asked.q || '';
    apply();
  }
  function toggle(open) {
    groups.forEach(function (group) { if (!group.hidden) { group.open = open; } });
  }
  function changed() { apply(); remember(); }
  if (!form) { return; }
  root.classList.add('js');
  form.addEventListener('submit', function (event) { event.preventDefault(); changed(); });
  form.addEventListener('change', changed);
  form.addEventListener('input', function () { clearTimeout(timer); timer = setTimeout(changed, 150); });
  form.addEventListener('reset', function () { setTimeout(changed, 0); });
  document.getElementById('open').addEventListener('click', function () { toggle(true); });
  document.getElementById('close').addEventListener('click', function () { toggle(false); });
  document.addEventListener('keydown', function (event) {
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'checkbox';
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.q.focus();
    }
  });
  window.addEventListener('hashchange', recall);
  window.addEventListener('beforeprint', function () {
    [].forEach.call(document.querySelectorAll('details'), function (each) { each.open = true; });
  });
  apply();
  recall();
}());
"""
