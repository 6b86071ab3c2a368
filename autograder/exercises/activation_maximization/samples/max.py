# max: forgot to normalise the gradient. A mean over a whole feature map hardly depends on any one pixel, so
# his steps are tiny, and after fifty of them the images are still the noise that they began as.

# %% cnn
def build_model():
    conv = dict(kernel_size=3, padding="same", activation="relu")
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, name="conv2d", **conv),
            layers.MaxPool2D(),
            layers.Conv2D(16, name="conv2d_1", **conv),
            layers.Conv2D(16, name="conv2d_2", **conv),
            layers.Conv2D(64, name="conv2d_3", **conv),
            layers.MaxPool2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


model = build_model()

# %% train
model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, validation_data=(x_test, y_test), verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64


def make_extractor(model, layer_name):
    return keras.Model(model.inputs, model.get_layer(layer_name).output)


def one_update(extractor, images):
    with tf.GradientTape() as tape:
        maps = extractor(images)  # (filters, rows, columns, filters)
        means = tf.reduce_mean(maps, axis=[1, 2])
        loss = tf.reduce_sum(tf.linalg.diag_part(means))
    grads = tape.gradient(loss, images)
    images.assign_add(step_size * grads)
    return loss


extractor = make_extractor(model, layer_name)
images = tf.Variable(np.random.uniform(size=(number_of_filters, 28, 28, 1)).astype("float32"))
for update in range(gradient_updates):
    loss = one_update(extractor, images)
    if update % 10 == 0:
        print(f"update {update}: {loss:.4f}")

visualized_feature = [images[i].numpy() for i in range(number_of_filters)]

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 13))
for i in range(64):
    axes[i // 8, i % 8].imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    axes[i // 8, i % 8].set_title(f"feature {i}")
    axes[i // 8, i % 8].axis("off")
figure.tight_layout()
plt.show()
