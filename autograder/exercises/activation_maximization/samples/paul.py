# paul: a short and elegant solution, but his network has only three convolution layers where four are asked
# for. He lets all filters climb at once, as one batch, which is correct: the images do not touch each other,
# and each is normalised by itself. While plotting he deprocesses the images in place, without a copy; what
# was in them before is known from the cell that made them, so this costs him nothing.

# %% cnn
image = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, 5, activation="relu", padding="same", name="conv2d")(image)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_1")(x)
x = layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_2")(x)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
x = layers.Dropout(0.3)(x)
probabilities = layers.Dense(10, activation="softmax")(x)

model = keras.Model(image, probabilities)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_2"
features = keras.Model(image, model.get_layer(layer_name).output)
number_of_filters = features.output.shape[-1]


def excitement(images):
    # image i has to please filter i only: the diagonal
    means = tf.reduce_mean(features(images), axis=(1, 2))
    return tf.linalg.diag_part(means)


def normalize_each(gradients):
    rms = tf.sqrt(tf.reduce_mean(gradients**2, axis=(1, 2, 3), keepdims=True))
    return gradients / (rms + KTF.epsilon())


images = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1)))
for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(excitement(images))
    images.assign_add(step_size * normalize_each(tape.gradient(total, images)))

visualized_feature = list(images.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for i, (ax, feature) in enumerate(zip(axes.flat, visualized_feature)):
    ax.imshow(deprocess_image(feature), cmap="gray")
    ax.set(title=f"feature {i}", xticks=[], yticks=[])
plt.show()
