# Counts the filters from 1 to 32, so image 0 is that of filter 1 and so on. Filter 32 does not exist: the cell stops
# there with an error, and one image of 32 is missing.
#
# /// label
# images = "partial"
# objective = "fail"
#
# [feedback_mentions]
# objective = ["index"]
#
# [causes]
# objective = "shifted_filters"
# ///

# %% cnn
def stage(filters, count, name):
    return [layers.Conv2D(filters, count, padding="same", activation="gelu", name=name)]


stack = stage(16, 5, "conv2d")
stack += [layers.MaxPooling2D(padding="same")]
stack += stage(16, 3, "conv2d_1")
stack += stage(24, 3, "conv2d_2")
stack += [layers.MaxPooling2D(padding="same")]
stack += stage(32, 3, "conv2d_3")
stack += [layers.Flatten(), layers.Dense(40, activation="gelu"), layers.Dense(10, activation="softmax")]

model = keras.Sequential(stack)
model.build((None, 28, 28, 1))

# %% train
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="loss", patience=2)
results = model.fit(x_train, y_train, epochs=5, batch_size=32, callbacks=[stop], verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

beginning = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(1, number_of_filters + 1):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)), name=f"image_{filter_index}")
    for update in range(1, gradient_updates + 1):
        with tf.GradientTape() as tape:
            channel = beginning(input_img)[0, :, :, filter_index]
            loss = tf.reduce_mean(channel)
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        if update == gradient_updates:
            print("filter", filter_index, "of", number_of_filters, "reaches", float(loss))
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 7))
for ax, image, i in zip(axes.ravel(), visualized_feature, range(number_of_filters)):
    ax.imshow(deprocess_image(image.copy()).squeeze(), cmap=plt.get_cmap("gray"))
    ax.set_title(f"feature {i}")
for ax in axes.ravel():
    ax.axis("off")
plt.show()
