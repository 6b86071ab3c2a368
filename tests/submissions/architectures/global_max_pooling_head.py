# Global max pooling instead of Flatten. This learns more slowly, so there are six epochs with twice the
# usual learning rate. 48 filters, a grid of 6 x 8; a filter that is silent on noise is only reported.
# Correct.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding='same', activation='relu', name='conv2d'),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding='same', activation='relu', name='conv2d_1'),
    layers.Conv2D(24, 3, padding='same', activation='relu', name='conv2d_2'),
    layers.MaxPooling2D(),
    layers.Conv2D(48, 3, padding='same', activation='relu', name='conv2d_3'),
    layers.GlobalMaxPooling2D(),   # does the feature occur anywhere?
    layers.Dense(10, activation='softmax'),
])

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss='categorical_crossentropy', metrics=['accuracy'])
results = model.fit(x_train, y_train, batch_size=32, epochs=6, verbose=2)
_, acc = model.evaluate(x_test, y_test, verbose=0)
print('test accuracy: %.2f %%' % (100 * acc))

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = model.get_layer(layer_name).filters
visualized_feature = []
silent = []

sub = keras.Model(model.inputs, model.get_layer(layer_name).output)

# the gradient as a graph is faster; one batch with one image per filter
@tf.function
def gradients(images):
    with tf.GradientTape() as t:
        t.watch(images)
        means = tf.reduce_mean(sub(images), axis=(1, 2))
        diagonal = tf.linalg.diag_part(means)
    return diagonal, t.gradient(diagonal, images)

images = np.random.uniform(0, 1, (number_of_filters, 28, 28, 1)).astype(np.float32)
for update in range(gradient_updates):
    a, g = gradients(tf.constant(images))
    if update == 0:
        silent = np.flatnonzero(a.numpy() == 0)
    for k in range(number_of_filters):
        images[k] += step_size * normalize(g[k]).numpy()

print('silent at the beginning:', silent)
print('activations at the end:', a.numpy().round(1))
visualized_feature = list(images)

# %% plot
figure, axes = plt.subplots(6, 8, figsize=(12, 9.5), subplot_kw={'xticks': [], 'yticks': []})
k = 0
for line in axes:
    for ax in line:
        ax.imshow(deprocess_image(visualized_feature[k].copy())[..., 0], cmap='gray')
        ax.set_title('feature ' + str(k))
        k += 1
plt.show()
