// The simple view needs the token of this page's address.
document.getElementById('phone').search = location.search;
