# The loss is the mean of the whole output of the layer: filter_index does not occur in it, and all images
# climb the sum of all filters. Many filters rise with it, but no image is that of its own filter.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter_index"]
#
# [causes]
# objective = "whole_layer"
# ///

# %% cnn
model = keras.models.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, padding="same", name="conv2d"))
model.add(layers.ReLU())
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, padding="same", name="conv2d_1"))
model.add(layers.ReLU())
model.add(layers.Conv2D(16, 3, padding="same", name="conv2d_2"))
model.add(layers.ReLU())
model.add(layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

partial_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # noise
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            # mean activation
            loss = KTF.mean(partial_model(input_img))
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(step_size * grads)

    # save
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

idx = 1
for feature in visualized_feature:
    plt.subplot(8, 8, idx)
    plt.imshow(deprocess_image(feature.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(idx - 1))
    plt.axis("off")
    idx = idx + 1

plt.show()
